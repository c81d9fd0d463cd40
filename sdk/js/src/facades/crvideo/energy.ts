/** How loud members are, from 0 to 10. */
import type { Room } from '../../types/room';
import { uidOf, type Desk, type Part } from './desk';

/** Quieter than this is silence. */
const FLOOR_DB = 60;

export function energyOf(levelDb: number): number {
  return Math.max(0, Math.min(10, Math.round(((FLOOR_DB - levelDb) * 10) / FLOOR_DB)));
}

export class Energy implements Part {
  private known = new Map<string, number>();

  constructor(private readonly desk: Desk) {}

  entered(room: Room): void {
    void room.setLevels(true).catch(() => undefined);
    room.on('audio_levels', ({ levels }) => {
      const now = new Map(levels.map(({ member, level }) => [uidOf(room, member), energyOf(level)]));
      for (const uid of new Set([...this.known.keys(), ...now.keys()])) {
        const [was, is] = [this.of(uid), now.get(uid) ?? 0];
        if (was !== is) this.desk.notices.fire('MicEnergyUpdate', uid, was, is);
      }
      this.known = now;
    });
  }

  left(): void {
    this.known.clear();
  }

  of(uid: string): number {
    return this.known.get(uid) ?? 0;
  }
}
