/** Whose picture is the main one and which page everybody looks at, shared by attributes of the scripts' own. */
import type { Room } from '../../types/room';
import { ERR, MAIN_PAGE, MAIN_VIDEO_MODE, rejection } from './codes';
import { here, uidOf, type Desk, type Part } from './desk';

const MAIN = '~cr.main';
const PAGE = '~cr.page';

interface Main {
  mode: number;
  uid: string;
}

interface Page {
  main: number;
  sub: string;
}

export class Focus implements Part {
  private main: Main = { mode: MAIN_VIDEO_MODE.voice, uid: '' };
  private page: Page = { main: MAIN_PAGE.videoWall, sub: '' };
  private speaker = '';

  constructor(private readonly desk: Desk) {}

  entered(room: Room): void {
    const { notices } = this.desk;
    this.main = readMain(room.attributes[MAIN]);
    this.page = readPage(room.attributes[PAGE]);
    this.speaker = '';
    room.on('active_speaker', ({ member }) => {
      const uid = uidOf(room, member);
      // Who spoke last stays in the picture.
      if (uid === '' || uid === this.speaker) return;
      this.speaker = uid;
      if (this.main.mode === MAIN_VIDEO_MODE.voice) notices.fire('NotifyMainVideoChanged', uid);
    });
    room.on('attribute_set', ({ key, value }) => {
      if (key === MAIN) {
        const [was, wasShown] = [this.main, this.video()];
        this.main = readMain(value);
        if (was.mode !== this.main.mode) notices.fire('NotifyMainVideoModeChanged', this.main.mode);
        if (wasShown !== this.video()) notices.fire('NotifyMainVideoChanged', this.video());
      }
      if (key === PAGE) {
        this.page = readPage(value);
        notices.fire('NotifySwitchToPage', this.page.main, this.page.sub);
      }
    });
    room.on('quality', ({ member, up, down }) => {
      const worst = Math.max(up, down);
      // The vendor's score goes from 0 to 10 (best); 0 of ours is unknown.
      if (member === room.me.id && worst > 0) notices.fire('NetStateChanged', Math.round(((5 - worst) * 10) / 4));
    });
  }

  left(): void {
    this.main = readMain(undefined);
    this.page = readPage(undefined);
  }

  mode(): number {
    return this.main.mode;
  }

  video(): string {
    return this.main.mode === MAIN_VIDEO_MODE.voice ? this.speaker : this.main.uid;
  }

  current(): Page {
    return this.page;
  }

  setVideo(uid: string): void {
    const mode = this.main.mode === MAIN_VIDEO_MODE.voice ? MAIN_VIDEO_MODE.member : this.main.mode;
    this.write(MAIN, { mode, uid }).catch(() => undefined);
  }

  setMode(mode: number, uid: string): void {
    if (mode < 1 || mode > 3) return;
    this.write(MAIN, { mode, uid: uid || this.main.uid }).catch(() => undefined);
  }

  async switchTo(main: unknown, sub: unknown): Promise<{ errCode: number }> {
    try {
      if (!(Object.values(MAIN_PAGE) as unknown[]).includes(main)) throw ERR.parameter;
      await this.write(PAGE, { main, sub: String(sub ?? '') });
      return { errCode: 0 };
    } catch (thrown) {
      throw rejection(thrown);
    }
  }

  private async write(key: string, value: object): Promise<void> {
    await here(this.desk).setAttribute(key, JSON.stringify(value));
  }
}

function read(text: string | undefined): Record<string, unknown> {
  try {
    const value = JSON.parse(text ?? '{}') as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function readMain(text: string | undefined): Main {
  const { mode, uid } = read(text);
  return { mode: typeof mode === 'number' ? mode : MAIN_VIDEO_MODE.voice, uid: typeof uid === 'string' ? uid : '' };
}

function readPage(text: string | undefined): Page {
  const { main, sub } = read(text);
  return { main: typeof main === 'number' ? main : MAIN_PAGE.videoWall, sub: typeof sub === 'string' ? sub : '' };
}
