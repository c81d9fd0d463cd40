/** Cameras, microphones and loudspeakers of a browser. */
import type { Events } from './emitter';
import type { Quality } from './media';

/** One device, as the browser names it. */
export interface Device {
  id: string;
  kind: 'camera' | 'microphone' | 'speaker';
  /** Empty until a device was opened once. */
  label: string;
}

/** Which devices to open. */
export interface CaptureOptions {
  /** `true`: whichever; a text: this device. Left out or `false`: none. */
  camera?: boolean | string;
  microphone?: boolean | string;
  quality?: Quality;
}

/** Everything here fails with `not_supported` where there is no WebRTC. */
export interface Devices extends Events<{ changed: Device[] }> {
  list(): Promise<Device[]>;
  /** Opens devices, for a preview or to publish. Whoever opened them stops their tracks. */
  capture(options: CaptureOptions): Promise<MediaStream>;
  captureScreen(options?: { audio?: boolean }): Promise<MediaStream>;
}
