/** Cameras, microphones and screens of this machine. */
import { strings } from '../strings';

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
  return navigator.mediaDevices !== undefined && typeof RTCPeerConnection !== 'undefined';
}

export async function capture({ camera, microphone }: Wish): Promise<MediaStream> {
  if (camera === null && microphone === null) return new MediaStream();
  const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
  const media = await navigator.mediaDevices.getUserMedia({
    video: camera !== null && { ...size, ...exactly(camera) },
    audio: microphone !== null && {
      echoCancellation: true,
      noiseSuppression: true,
      autoGainControl: true,
      ...exactly(microphone),
    },
  });
  for (const track of media.getVideoTracks()) track.contentHint = 'motion';
  return media;
}

export async function captureScreen(): Promise<MediaStream> {
  const media = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } }, audio: true });
  for (const track of media.getVideoTracks()) track.contentHint = 'detail';
  return media;
}

/** Their names are only told once one of them was opened. */
export async function devices(): Promise<Devices> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (kind: MediaDeviceKind) => all.filter((device) => device.kind === kind && device.deviceId !== '');
  return { cameras: of('videoinput'), microphones: of('audioinput') };
}

export function release(media: MediaStream | null): void {
  media?.getTracks().forEach((track) => track.stop());
}

/** Why a device was not opened, for people. */
export function explainCapture(thrown: unknown): string {
  switch (thrown instanceof Error ? thrown.name : '') {
    case 'NotAllowedError':
      return strings.captureDenied;
    case 'NotFoundError':
    case 'OverconstrainedError':
      return strings.captureMissing;
    case 'NotReadableError':
    case 'AbortError':
      return strings.captureBusy;
    default:
      return strings.captureFailed;
  }
}

function exactly(deviceId: string): { deviceId?: { exact: string } } {
  return deviceId === '' ? {} : { deviceId: { exact: deviceId } };
}
