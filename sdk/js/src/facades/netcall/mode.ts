/** A mode says which of sound and picture are on. */

export interface Switches {
  audio: boolean;
  video: boolean;
}

export function switchesOf(mode: unknown): Switches | null {
  switch (mode) {
    case 0:
      return { audio: true, video: true };
    case 1:
      return { audio: true, video: false };
    case 2:
      return { audio: false, video: true };
    case 3:
      return { audio: false, video: false };
    default:
      return null;
  }
}

export function modeOf({ aoff, voff }: { aoff: boolean; voff: boolean }): number {
  if (aoff) return voff ? 3 : 2;
  return voff ? 1 : 0;
}
