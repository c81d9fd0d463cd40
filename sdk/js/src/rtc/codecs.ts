/** Which codecs and layers are offered. */

type Codec = Pick<RTCRtpCodec, 'mimeType' | 'sdpFmtpLine'>;

/**
 * H.264 first, since every viewer plays it without transcoding; its baseline before other profiles; then VP8. Codecs that
 * only help others (retransmission, redundancy) keep their place at the end.
 */
export function preferred<T extends Codec>(codecs: T[]): T[] {
  return codecs
    .map((codec, at) => ({ codec, at, rank: rank(codec) }))
    .sort((a, b) => a.rank - b.rank || a.at - b.at)
    .map(({ codec }) => codec);
}

function rank({ mimeType, sdpFmtpLine = '' }: Codec): number {
  switch (mimeType.toLowerCase()) {
    case 'video/h264':
      if (!sdpFmtpLine.includes('packetization-mode=1')) return 2;
      return /profile-level-id=42[ce]0/i.test(sdpFmtpLine) ? 0 : 1;
    case 'video/vp8':
      return 3;
    case 'video/rtx':
    case 'video/red':
    case 'video/ulpfec':
    case 'video/flexfec-03':
      return 5;
    default:
      return 4;
  }
}

/** Codecs of streams, and how lost packets of them are sent again. */
const RECEIVED = ['audio/opus', 'video/h264', 'video/vp8', 'video/vp9', 'video/av1', 'video/rtx'];

/** What a viewer may get; all that browsers can receive makes an offer for many streams longer than the gateway takes. */
export function receivable<T extends Codec>(codecs: T[]): T[] {
  return codecs.filter(({ mimeType, sdpFmtpLine = '' }) => {
    const type = mimeType.toLowerCase();
    if (!RECEIVED.includes(type)) return false;
    if (type === 'video/h264') return sdpFmtpLine.includes('packetization-mode=1');
    // Eight bits and 4:2:0, as cameras are.
    return !/profile(-id)?=[1-9]/.test(sdpFmtpLine);
  });
}

/** Of codecs in order of preference: only those encode several pictures side by side everywhere. */
export function canSimulcast(codecs: Codec[]): boolean {
  return ['video/h264', 'video/vp8'].includes(codecs[0]?.mimeType.toLowerCase() ?? '');
}

/**
 * From the full picture to the smallest layer (RFC 8853 wants the preferred one first); as many as a picture of that height
 * is worth, none for a small one.
 */
export function layers(height: number, maxBitrate: number): RTCRtpEncodingParameters[] {
  const full = { rid: 'h', scaleResolutionDownBy: 1, maxBitrate };
  const half = { rid: 'm', scaleResolutionDownBy: 2, maxBitrate: 500_000 };
  const quarter = { rid: 'l', scaleResolutionDownBy: 4, maxBitrate: 150_000 };
  if (height >= 540) return [full, half, quarter];
  return height >= 270 ? [full, { ...half, rid: 'l', maxBitrate: 250_000 }] : [];
}
