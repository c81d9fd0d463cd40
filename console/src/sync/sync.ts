/**
 * Keeps the store in step with the gateway: rooms when an event says so and every few seconds anyway; the statistics
 * of the open room every two seconds while somebody looks.
 */
import type { Api } from '../api/api';
import type { EventFrame } from '../../../sdk/js/src/net/frames';
import { connectLink, type Link } from '../api/link';
import { asError } from '../api/problem';
import { explain } from '../explain';
import { strings } from '../strings';
import { signalOf } from '../store/signals';
import { isTuningIn } from '../store/state';
import { mayManage } from '../store/studio';
import type { Store } from '../store/store';
import { roomList, roomOrGone, studioOf } from './load';
import { Repeater } from './repeat';
import type { Session } from './session';

const STATS_MS = 2_000;
const TUNING_IN_MS = 400;
const POLL_MS = 3_000;
/** Events tell about the open room only; new rooms are found by asking. */
const POLL_WITH_EVENTS_MS = 5_000;
const HIDDEN_MS = 30_000;
const STUDIO_MS = 2_000;

export type Connect = typeof connectLink;

export class Sync {
  private readonly rooms = new Repeater(
    () => this.loadRooms(),
    () => (this.events ? POLL_WITH_EVENTS_MS : POLL_MS),
  );
  private readonly stats = new Repeater(
    () => this.loadStats(),
    () => this.statsPause(),
  );
  private readonly studio = new Repeater(
    () => this.loadStudio(),
    () => (document.hidden ? HIDDEN_MS : STUDIO_MS),
  );
  private link: Link | null = null;
  private events = false;
  private open: string | null = null;

  constructor(
    private readonly store: Store,
    private readonly api: Api,
    private readonly session: Session,
    private readonly origin: string,
    private readonly device = `console-${Math.random().toString(36).slice(2, 10)}`,
    private readonly connect: Connect = connectLink,
  ) {
    // A newly opened room should not wait for the next round.
    store.subscribe(() => {
      const { open } = store.get();
      if (open === this.open) return;
      this.open = open;
      this.link?.watch(open);
      this.refresh();
    });
  }

  start(): void {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return;
      this.refresh();
    });
    this.rooms.now();
  }

  /** Asks for everything now. */
  refresh(): void {
    this.rooms.now();
    this.stats.now();
    this.studio.now();
  }

  /** Goes on with a token that somebody entered; `false` if it is none. */
  enterToken(token: string): boolean {
    if (!this.session.enter(token)) return false;
    this.rooms.now();
    return true;
  }

  /** Forgets the token. */
  leave(): void {
    this.needToken(null);
  }

  private async loadRooms(): Promise<void> {
    const { phase } = this.store.get();
    if (phase === 'needs_token' && this.session.token() === null) return;
    try {
      if (!(await this.session.ensure(this.api))) return this.needToken(null);
      const { rooms, more } = await roomList(this.api, this.session.room());
      if (this.store.get().phase !== 'ready') {
        const [app, openApp] = [this.session.app(), this.session.isOpen()];
        this.store.dispatch({ type: 'session', app, openApp, mayJoin: openApp || !this.session.isOfApp(), isApp: this.session.isOfApp(), account: this.session.account() });
      }
      this.store.dispatch({ type: 'rooms', rooms, more });
      const id = this.store.get().open;
      if (id !== null) this.store.dispatch({ type: 'room', id, room: await roomOrGone(this.api, id) });
      this.listen();
      this.store.dispatch({ type: 'link', link: this.events ? 'events' : 'polling' });
    } catch (thrown) {
      this.failed(thrown);
    }
  }

  private async loadStats(): Promise<void> {
    const { phase, open, room } = this.store.get();
    if (phase !== 'ready' || open === null || room === 'gone' || !this.session.token()) return;
    try {
      const streams = await this.api.streams(open);
      this.store.dispatch({ type: 'streams', room: open, streams });
    } catch (thrown) {
      const error = asError(thrown);
      // The room may have ended a moment ago.
      if (error.status === 404) this.rooms.now();
      else this.failed(thrown);
    }
  }

  private async loadStudio(): Promise<void> {
    const state = this.store.get();
    const { open, room } = state;
    if (state.phase !== 'ready' || open === null || room === null || room === 'gone' || !mayManage(state)) return;
    try {
      this.store.dispatch({ type: 'studio', room: open, studio: await studioOf(this.api, open) });
    } catch {
      // The room's own rounds say what is wrong with the gateway; one that has just ended has nothing to tell.
    }
  }

  private statsPause(): number {
    if (document.hidden) return HIDDEN_MS;
    return isTuningIn(this.store.get()) ? TUNING_IN_MS : STATS_MS;
  }

  private failed(thrown: unknown): void {
    const error = asError(thrown);
    if (error.status === 401) {
      const renewable = this.session.isOpen();
      this.session.drop();
      if (!renewable) this.needToken(strings.tokenRefused(error.message));
      return;
    }
    if (error.status === 403 && this.store.get().phase !== 'ready') {
      return this.needToken(strings.tokenTooNarrow);
    }
    if (error.status === 0) this.store.dispatch({ type: 'link', link: 'offline' });
    this.store.dispatch({ type: 'problem', problem: explain(error) });
  }

  private needToken(problem: string | null): void {
    this.session.drop();
    this.link?.close();
    this.link = null;
    this.events = false;
    this.store.dispatch({ type: 'token_needed', problem });
  }

  private listen(): void {
    this.link ??= this.connect(
      { origin: this.origin, token: () => this.session.token(), device: this.device },
      {
        onOpen: () => this.eventsAre(true),
        onEvent: (event) => this.happened(event),
        onLost: () => this.eventsAre(false),
      },
    );
    this.link.watch(this.store.get().open);
  }

  /** What passes by in the room: it changes nothing that could be asked for. */
  private happened(event: EventFrame): void {
    const signal = signalOf(event);
    if (signal) this.store.dispatch({ type: 'signal', room: String(event['room']), signal });
    else this.refresh();
  }

  private eventsAre(flowing: boolean): void {
    const changed = this.events !== flowing;
    this.events = flowing;
    if (flowing) this.store.dispatch({ type: 'link', link: 'events' });
    // What happened while nobody told is found by asking.
    if (changed) this.rooms.now();
  }
}
