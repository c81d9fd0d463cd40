/** Which codecs and layers the page offers; which are worth it is for the SDK to say. */
import { layers as layersOf, receivable } from '../../../sdk/js/src/rtc/codecs';

/** Has a line offer what streams are made of, and nothing else. */
export function offerReceivable(transceiver: RTCRtpTransceiver, kind: 'audio' | 'video'): void {
  const codecs = receivable(RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []);
  try {
    transceiver.setCodecPreferences(codecs);
  } catch {
    // All of them then.
  }
}

/** From the full picture to the smallest layer. */
export function layers(height: number): RTCRtpEncodingParameters[] {
  return layersOf(height, height >= 720 ? 1_800_000 : 1_000_000);
}

/** One picture. */
export function single(kind: 'camera' | 'screen'): RTCRtpEncodingParameters[] {
  return [{ maxBitrate: kind === 'screen' ? 2_500_000 : 1_800_000 }];
}
