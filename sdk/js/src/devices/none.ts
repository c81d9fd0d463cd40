/** Devices where whoever pushes opens them. */
import type { Devices } from '../types/devices';
import { Emitter } from '../types/emitter';
import { LianmaiError } from '../types/errors';

export function noDevices(): Devices {
  const refuse = () => Promise.reject(new LianmaiError('not_supported', 'there are no devices here'));
  return Object.assign(new Emitter<{ changed: never[] }>(), { list: refuse, capture: refuse, captureScreen: refuse });
}
