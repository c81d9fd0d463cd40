/** The present stay in a room, if there is one: at most one at a time, and only in the room on show. */
import type { Api } from '../api/api';
import { explain } from '../explain';
import { hashOfRoom } from '../route';
import { away } from '../store/me';
import type { Store } from '../store/store';
import { strings } from '../strings';
import type { Session } from '../sync/session';
import { release } from './capture';
import { Seat } from './seat';
import { Visit, type Entry } from './visit';

export class Visits {
  current: Visit | null = null;
  private starting = 0;

  constructor(
    private readonly store: Store,
    private readonly api: Api,
    private readonly session: Session,
    private readonly origin: string,
  ) {
    store.subscribe(() => {
      const { me, open, phase } = store.get();
      if (me.phase === 'away') this.current = null;
      else if (me.room !== open || phase !== 'ready') this.leave();
    });
  }

  async join(entry: Entry): Promise<void> {
    this.leave();
    const attempt = ++this.starting;
    // Else the page might turn to a busier room.
    location.hash = hashOfRoom(entry.room);
    this.store.dispatch({ type: 'me', me: { ...away, room: entry.room, phase: 'joining' } });
    try {
      const seat = await Seat.find(this.api, this.session, entry.room);
      if (attempt !== this.starting) release(entry.media);
      else if (seat) this.current = new Visit(this.store, seat, entry, this.origin);
      else this.failed(entry, strings.seatNeedsAccount);
    } catch (thrown) {
      if (attempt === this.starting) this.failed(entry, explain(thrown));
      else release(entry.media);
    }
  }

  /** Leaves the room, or stops joining it. */
  leave(): void {
    this.starting += 1;
    const { current } = this;
    this.current = null;
    if (current) current.leave();
    else if (this.store.get().me.phase !== 'away') this.store.dispatch({ type: 'me', me: away });
  }

  private failed({ room, media }: Entry, problem: string): void {
    release(media);
    this.store.dispatch({ type: 'me', me: { ...away, room, problem } });
  }
}
