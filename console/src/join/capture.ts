/** Cameras, microphones and screens of this machine. Whoever opens them releases them. */
import * as devicesOf from '../../../sdk/js/src/devices/web';
import { LianmaiError } from '../../../sdk/js/src/types/errors';
import type { WebMedia } from '../../../sdk/js/src/types/platform';
import { platform } from '../platform';

/** Device ids; `''` for whichever the browser takes, `null` for none. */
export interface Wish {
  camera: string | null;
  microphone: string | null;
}

export interface Devices {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
}

/** Browsers give devices to secure pages only (HTTPS, or this machine itself). */
export function canCapture(): boolean {
  return navigator.mediaDevices !== undefined && platform.media !== undefined;
}

export async function capture({ camera, microphone }: Wish): Promise<MediaStream> {
  return devicesOf.capture(media(), { camera: camera ?? false, microphone: microphone ?? false });
}

export async function captureScreen(): Promise<MediaStream> {
  return devicesOf.captureScreen(media());
}

/** Their names are only told once one of them was opened. */
export async function devices(): Promise<Devices> {
  const all = await media().enumerateDevices();
  const of = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.deviceId !== '');
  return { cameras: of('videoinput'), microphones: of('audioinput') };
}

export function release(media: MediaStream | null): void {
  media?.getTracks().forEach((track) => track.stop());
}

function media(): WebMedia {
  if (!platform.media) throw new LianmaiError('not_supported', 'this browser has no WebRTC');
  return platform.media;
}
