/** Every REST call of the page. Nothing else knows a path of the API. */
import { LianmaiError } from '../../../sdk/js/src/types/errors';
import { asError, errorOf } from './problem';
import type { Mix, OpenSession, Preset, PullUrls, Push, Recording, Room, RoomSummary, Stream } from './types';

const TIME_LIMIT_MS = 10_000;
/** The largest page there is; a side list longer than this helps nobody. */
const MOST_ROOMS = 500;

export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

export class Api {
  constructor(
    /** Bearer token of the moment; `null` before there is one. */
    private readonly token: () => string | null,
    private readonly fetch: Fetch = (input, init) => globalThis.fetch(input, init),
    private readonly base = '',
  ) {}

  /**
   * The session that a dev config gives to anybody; `null` where a token is required. For a visitor it is
   * that account's, as a talker of that room, where the gateway can.
   */
  async openSession(visitor?: { account: string; room: string }): Promise<OpenSession | null> {
    const query = visitor ? `?${new URLSearchParams(visitor)}` : '';
    try {
      return await this.call<OpenSession>('GET', `/console/session${query}`);
    } catch (error) {
      if (error instanceof LianmaiError && error.status === 404) return null;
      throw error;
    }
  }

  /** The first rooms of the app, and whether there are more. */
  async rooms(): Promise<{ rooms: RoomSummary[]; more: boolean }> {
    const page = await this.call<{ rooms: RoomSummary[]; next_after: string | null }>(
      'GET',
      `/v1/rooms?limit=${MOST_ROOMS}`,
    );
    return { rooms: page.rooms, more: page.next_after !== null };
  }

  async room(room: string): Promise<Room> {
    return this.call('GET', `/v1/rooms/${encodeURIComponent(room)}`);
  }

  /** The streams of a room with their statistics. */
  async streams(room: string): Promise<Stream[]> {
    return (await this.call<{ streams: Stream[] }>('GET', `/v1/rooms/${encodeURIComponent(room)}/streams`)).streams;
  }

  /** URLs that play a stream: all there are, or those of one transport. */
  async pullUrls(room: string, stream: string, via?: 'webrtc'): Promise<PullUrls> {
    const path = `/v1/rooms/${encodeURIComponent(room)}/streams/${encodeURIComponent(stream)}/pull-url`;
    return this.call('POST', path, via ? { via } : {});
  }

  async mix(room: string): Promise<Mix> {
    return this.call('GET', `${path(room)}/mix`);
  }

  /** Starts the mix; while there is one, changes its arrangement. */
  async startMix(room: string, preset: Preset): Promise<Mix> {
    return this.call('POST', `${path(room)}/mix`, { preset });
  }

  /** Changes the arrangement, now or for later; pictures move to their places. */
  async arrangeMix(room: string, preset: Preset): Promise<Mix> {
    return this.call('PATCH', `${path(room)}/mix`, { preset, transition_ms: 300 });
  }

  async stopMix(room: string): Promise<void> {
    await this.call('DELETE', `${path(room)}/mix`);
  }

  /** The newest recordings of a room. */
  async recordings(room: string): Promise<Recording[]> {
    const query = new URLSearchParams({ room, limit: '20' });
    return (await this.call<{ recordings: Recording[] }>('GET', `/v1/recordings?${query}`)).recordings;
  }

  async record(room: string, what: 'mix' | 'streams'): Promise<void> {
    await this.call('POST', `${path(room)}/recordings`, { what });
  }

  async changeRecording(id: string, act: 'pause' | 'resume' | 'stop'): Promise<void> {
    await this.call('POST', `/v1/recordings/${encodeURIComponent(id)}/${act}`);
  }

  async pushes(room: string): Promise<Push[]> {
    return (await this.call<{ pushes: Push[] }>('GET', `${path(room)}/pushes`)).pushes;
  }

  /** Pushes the mix, whenever there is one, to another server. */
  async addPush(room: string, url: string): Promise<void> {
    await this.call('POST', `${path(room)}/pushes`, { url });
  }

  async removePush(room: string, id: string): Promise<void> {
    await this.call('DELETE', `${path(room)}/pushes/${encodeURIComponent(id)}`);
  }

  private async call<T>(method: string, path: string, body?: object): Promise<T> {
    const headers: Record<string, string> = { accept: 'application/json' };
    const token = this.token();
    if (token !== null) headers['authorization'] = `Bearer ${token}`;
    const init: RequestInit = { method, headers, cache: 'no-store', signal: AbortSignal.timeout(TIME_LIMIT_MS) };
    if (body !== undefined) {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(body);
    }
    let response: Response;
    try {
      response = await this.fetch(this.base + path, init);
    } catch (thrown) {
      throw asError(thrown);
    }
    if (!response.ok) throw await errorOf(response);
    try {
      return (await response.json()) as T;
    } catch {
      throw new LianmaiError('bad_answer', 'the answer is not JSON', { status: response.status });
    }
  }
}

function path(room: string): string {
  return `/v1/rooms/${encodeURIComponent(room)}`;
}

/**
 * The address under which this page plays a pull URL. The gateway that serves the page also serves its media, so the
 * page's own origin is always reachable, whatever public host name the URL was made for.
 */
export function playUrl(pull: string, origin: string): string {
  const url = new URL(pull);
  const here = new URL(origin);
  const socket = url.protocol === 'ws:' || url.protocol === 'wss:';
  const secure = here.protocol === 'https:';
  const protocol = socket ? (secure ? 'wss:' : 'ws:') : here.protocol;
  return `${protocol}//${here.host}${url.pathname}${url.search}`;
}
