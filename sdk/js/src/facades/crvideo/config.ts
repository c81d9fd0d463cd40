/** The vendor's settings of sound and pictures, and what they mean for devices and encoders here. */

import type { VideoProfile } from '../../types/media';

export interface SdkParams {
  isSDKConsole: boolean;
  isUploadLog: boolean;
  videoSendBW: number;
  screenSendBW: number;
  mediaSendBW: number;
  isHttp: boolean;
  isCallSer: boolean;
  isWebRTC: boolean;
  MSProtocol: number;
}

export const SDK_PARAMS: SdkParams = {
  isSDKConsole: true,
  isUploadLog: true,
  videoSendBW: 2048,
  screenSendBW: 2048,
  mediaSendBW: 2048,
  isHttp: false,
  isCallSer: true,
  isWebRTC: true,
  MSProtocol: 1,
};

export interface AudioCfg {
  micID: string;
  speakerID: string;
  autoGainControl: number;
  echoCancellation: number;
  noiseSuppression: number;
  micVolume: number;
}

export const AUDIO_CFG: AudioCfg = {
  micID: '',
  speakerID: '',
  autoGainControl: 1,
  echoCancellation: 1,
  noiseSuppression: 1,
  micVolume: 100,
};

export interface VideoCfg {
  size: number;
  fps: number;
  ratio: number;
}

export const VIDEO_CFG: VideoCfg = { size: 2, fps: 15, ratio: 1 };

/** Lines of a picture: smooth, standard, high, full. */
const HEIGHTS: Record<number, number> = { 1: 180, 2: 360, 3: 720, 4: 1080 };
const RATIOS: Record<number, [number, number]> = { 1: [16, 9], 2: [4, 3], 3: [1, 1], 4: [3, 4], 5: [9, 16] };

/** Takes over what is given and of the right kind. */
export function merged<T extends object>(present: T, given: unknown): T {
  const next = { ...present };
  if (typeof given !== 'object' || given === null) return next;
  for (const key of Object.keys(present) as (keyof T)[]) {
    const value = (given as T)[key];
    if (typeof value === typeof present[key]) next[key] = value;
    else if (typeof value === 'boolean' && typeof present[key] === 'number') next[key] = Number(value) as T[keyof T];
  }
  return next;
}

export function videoConstraints(cfg: VideoCfg, deviceId: string | null): MediaTrackConstraints {
  const { width, height } = sizeOf(cfg);
  const rate = Math.min(30, Math.max(5, cfg.fps));
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: rate, max: rate },
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
  };
}

/** How the picture is sent. */
export function profileOf(cfg: VideoCfg, kbps: number): VideoProfile {
  const frameRate = Math.min(30, Math.max(5, cfg.fps));
  return { ...sizeOf(cfg), frameRate, maxBitrate: Math.min(20_000, Math.max(50, kbps)) * 1000 };
}

export function sizeOf({ size, ratio }: VideoCfg): { width: number; height: number } {
  const lines = HEIGHTS[size] ?? 360;
  const [w, h] = RATIOS[ratio] ?? [16, 9];
  return w >= h ? { width: even((lines * w) / h), height: lines } : { width: lines, height: even((lines * h) / w) };
}

const even = (n: number) => 2 * Math.round(n / 2);

export function audioConstraints(cfg: AudioCfg): MediaTrackConstraints {
  return {
    autoGainControl: cfg.autoGainControl !== 0,
    echoCancellation: cfg.echoCancellation !== 0,
    noiseSuppression: cfg.noiseSuppression !== 0,
    ...(cfg.micID ? { deviceId: { exact: cfg.micID } } : {}),
  };
}

/** Address of the gateway from what the app set: `host`, `host:port`, or with a scheme; `http://` is unprotected. */
export function serverAddress(given: string, page: Pick<Location, 'origin' | 'protocol'>, isHttp: boolean): string {
  const text = given.trim().replace(/\/+$/, '');
  if (text === '') return page.origin;
  if (/^https?:\/\//i.test(text)) return text;
  return `${isHttp ? 'http' : 'https'}://${text}`;
}
