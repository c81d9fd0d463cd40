/** Numbers of picture sizes and rates, as the vendor's RTC library has them. */
import type { VideoProfile } from '../../../types/media';

const SIZES: Record<number, [number, number]> = { 2: [320, 180], 4: [640, 480], 8: [1280, 720], 16: [1920, 1080] };
const RATES: Record<number, number> = { 1: 5, 2: 10, 3: 15, 4: 20, 5: 30 };
const BITRATES: Record<number, number> = { 2: 250_000, 4: 800_000, 8: 1_800_000, 16: 3_500_000 };

export interface Profile {
  resolution?: number;
  frameRate?: number;
}

export const DEFAULTS = { resolution: 8, frameRate: 3 };

export function profileOf({ resolution = DEFAULTS.resolution, frameRate = DEFAULTS.frameRate }: Profile): VideoProfile {
  const [width, height] = SIZES[resolution] ?? [1280, 720];
  return { width, height, frameRate: RATES[frameRate] ?? 15, maxBitrate: BITRATES[resolution] ?? 1_800_000 };
}
