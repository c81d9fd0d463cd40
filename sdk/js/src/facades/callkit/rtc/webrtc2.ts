/** The vendor's RTC library, as far as the component and its apps use it. */
import { RtcClient, type EnterRoom } from './client';
import { LocalStream, type StreamOptions } from './local-stream';

export interface DeviceInfo {
  label: string;
  deviceId: string;
  active?: boolean;
}

export interface DeviceLists {
  audioIn: DeviceInfo[];
  audioOut: DeviceInfo[];
  video: DeviceInfo[];
}

export async function getDevices(local?: LocalStream | null): Promise<DeviceLists> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const open = [local?.deviceId('audio'), local?.deviceId('video')];
  const of = (kind: MediaDeviceKind) =>
    all
      .filter((device) => device.kind === kind)
      .map(({ label, deviceId }) => ({ label, deviceId, ...(open.includes(deviceId) ? { active: true } : {}) }));
  return { audioIn: of('audioinput'), audioOut: of('audiooutput'), video: of('videoinput') };
}

export interface WebRTC2 {
  VERSION: string;
  createClient(options?: { appkey?: string; debug?: boolean }): RtcClient;
  createStream(options: StreamOptions): LocalStream;
  getDevices(): Promise<DeviceLists>;
  checkSystemRequirements(): boolean;
}

export function webRtc2(enter: EnterRoom): WebRTC2 {
  return {
    VERSION: '4.4.1-lianmai',
    createClient: () => new RtcClient(enter),
    createStream: (options) => new LocalStream(options),
    getDevices: () => getDevices(),
    checkSystemRequirements: () => typeof RTCPeerConnection !== 'undefined',
  };
}
