/** Cameras, microphones and screens of a browser. */
import type { CaptureOptions, Device, Devices } from '../types/devices';
import { Emitter } from '../types/emitter';
import { LianmaiError } from '../types/errors';
import type { Quality, VideoProfile } from '../types/media';
import type { WebMedia } from '../types/platform';

const PROFILES: Record<Exclude<Quality, VideoProfile>, VideoProfile> = {
  low: { width: 320, height: 240, frameRate: 15, maxBitrate: 250_000 },
  standard: { width: 640, height: 480, frameRate: 25, maxBitrate: 800_000 },
  high: { width: 1280, height: 720, frameRate: 30, maxBitrate: 1_800_000 },
  full: { width: 1920, height: 1080, frameRate: 30, maxBitrate: 3_500_000 },
};

/** The largest picture of a screen gets so many bits per second. */
export const SCREEN_BITRATE = 2_500_000;

export function profileOf(quality: Quality = 'high'): VideoProfile {
  return typeof quality === 'string' ? PROFILES[quality] : quality;
}

/** What `getUserMedia` is asked for a picture of this quality. */
export function videoConstraints(quality: Quality | undefined, device?: string): MediaTrackConstraints {
  const { width, height, frameRate } = profileOf(quality);
  const size = { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: frameRate, max: Math.max(30, frameRate) } };
  return { ...size, ...(device ? { deviceId: { exact: device } } : {}) };
}

export function webDevices(media: WebMedia): Devices {
  const events = new Emitter<{ changed: Device[] }>();
  const kinds: Partial<Record<MediaDeviceKind, Device['kind']>> = { videoinput: 'camera', audioinput: 'microphone', audiooutput: 'speaker' };
  const list = async (): Promise<Device[]> => {
    const found = await media.enumerateDevices();
    return found.flatMap(({ deviceId: id, kind, label }) => {
      const ours = kinds[kind];
      return ours && id !== '' ? [{ id, kind: ours, label }] : [];
    });
  };
  media.onDeviceChange(() => void list().then((devices) => events.emit('changed', devices)));
  return Object.assign(events, {
    list,
    capture: (options: CaptureOptions) => capture(media, options),
    captureScreen: (options: { audio?: boolean } = {}) => captureScreen(media, options),
  });
}

export async function capture(media: WebMedia, { camera = false, microphone = false, quality }: CaptureOptions): Promise<MediaStream> {
  if (camera === false && microphone === false) return media.newStream([]);
  const named = (device: boolean | string) => (typeof device === 'string' && device !== '' ? device : undefined);
  const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  const chosen = named(microphone);
  const exactly = chosen ? { deviceId: { exact: chosen } } : {};
  const opened = await opening(() =>
    media.getUserMedia({
      video: camera === false ? false : videoConstraints(quality, named(camera)),
      audio: microphone === false ? false : { ...sound, ...exactly },
    }),
  );
  for (const track of opened.getVideoTracks()) track.contentHint = 'motion';
  return opened;
}

export async function captureScreen(media: WebMedia, { audio = true }: { audio?: boolean } = {}): Promise<MediaStream> {
  const opened = await opening(() => media.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio }));
  for (const track of opened.getVideoTracks()) track.contentHint = 'detail';
  return opened;
}

async function opening(open: () => Promise<MediaStream>): Promise<MediaStream> {
  try {
    return await open();
  } catch (thrown) {
    throw new LianmaiError(reasonOf(thrown), thrown instanceof Error ? thrown.message : 'the device was not opened', { cause: thrown });
  }
}

function reasonOf(thrown: unknown): 'capture_denied' | 'capture_missing' | 'capture_busy' | 'capture_failed' {
  switch (thrown instanceof Error ? thrown.name : '') {
    case 'NotAllowedError':
    case 'SecurityError':
      return 'capture_denied';
    case 'NotFoundError':
    case 'OverconstrainedError':
      return 'capture_missing';
    case 'NotReadableError':
    case 'AbortError':
      return 'capture_busy';
    default:
      return 'capture_failed';
  }
}
