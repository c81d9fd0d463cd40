/**
 * The WebSocket of the gateway: commands with their answers, and events of a watched room. Connects again whenever the
 * connection goes. Events are only hints: what is shown comes from the REST API, so a lost one costs at most one polling
 * interval.
 */
import { Backoff } from '../../../sdk/js/src/net/backoff';
import { frameOf, type EventFrame } from '../../../sdk/js/src/net/frames';
import { LianmaiError } from '../../../sdk/js/src/types/errors';

export interface Link {
  /** Watches this room, and no other. */
  watch(room: string | null): void;
  /** Carries out a command. Fails with a `LianmaiError`, at once while there is no connection. */
  call<T>(op: string, fields?: object): Promise<T>;
  close(): void;
}

export interface LinkHandlers {
  /** Commands and events flow from now on. `resumed`: in the session of the connection before. */
  onOpen(resumed: boolean): void;
  /** Something happened. */
  onEvent(event: EventFrame): void;
  /** No events until the next `onOpen`. */
  onLost(): void;
}

type Socket = Pick<WebSocket, 'send' | 'close' | 'onmessage' | 'onclose'>;
export type OpenSocket = (url: string) => Socket;

export interface LinkOptions {
  origin: string;
  /** Asked for before each connection, since tokens expire. */
  token: () => string | null;
  /** A newer session of one device replaces the older, so every tab is a device of its own. */
  device: string;
  /** Takes the session up again after a lost connection, with all that hangs on it. */
  resume?: boolean;
  open?: OpenSocket;
  backoff?: Backoff;
}

interface Pending {
  done: (result: never) => void;
  failed: (error: LianmaiError) => void;
  timer: ReturnType<typeof setTimeout>;
}

const TIME_LIMIT_MS = 10_000;

/** Connects, and connects again whenever the connection goes. */
export function connectLink(options: LinkOptions, handlers: LinkHandlers): Link {
  const open = options.open ?? ((url: string) => new WebSocket(url));
  const backoff = options.backoff ?? new Backoff(Math.random, 1_000, 10_000);
  const pending = new Map<number, Pending>();
  let socket: Socket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let session: string | null = null;
  let lastId = 0;
  let greeted = false;
  let watched: string | null = null;
  let closed = false;

  const call = <T>(op: string, fields: object = {}): Promise<T> =>
    new Promise((done, failed) => {
      if (!greeted || !socket) return failed(new LianmaiError('network', 'the gateway cannot be reached'));
      const id = ++lastId;
      const late = () => {
        pending.delete(id);
        failed(new LianmaiError('timeout', 'no answer in time'));
      };
      pending.set(id, { done, failed, timer: setTimeout(late, TIME_LIMIT_MS) });
      socket.send(JSON.stringify({ id, op, ...fields }));
    });

  /** Refused where the room is not ours to see; then it is found by asking. Loudness is told to those who want it. */
  const watch = (room: string) => {
    void call('watch', { room })
      .then(() => call('levels', { room, on: true }))
      .catch(() => undefined);
  };

  const receive = (data: unknown) => {
    const frame = frameOf(data);
    if (frame?.kind === 'answer') {
      const { id, result, error } = frame.answer;
      const waiting = pending.get(id);
      pending.delete(id);
      clearTimeout(waiting?.timer);
      if (error) waiting?.failed(error);
      else waiting?.done(result as never);
    } else if (frame?.event.event === 'hello') {
      greeted = true;
      backoff.reset();
      session = typeof frame.event['session'] === 'string' ? frame.event['session'] : null;
      if (watched !== null) watch(watched);
      handlers.onOpen(frame.event['resumed'] === true);
    } else if (frame) {
      handlers.onEvent(frame.event);
    }
  };

  const connect = () => {
    const query = new URLSearchParams({ access_token: options.token() ?? '', device: options.device });
    if (options.resume && session !== null) query.set('session', session);
    socket = open(`${options.origin.replace(/^http/, 'ws')}/v1/ws?${query}`);
    socket.onmessage = (message: MessageEvent) => receive(message.data);
    socket.onclose = () => {
      lose();
      if (closed) return;
      handlers.onLost();
      timer = setTimeout(connect, backoff.next());
    };
  };

  const lose = () => {
    greeted = false;
    for (const { failed, timer: limit } of pending.values()) {
      clearTimeout(limit);
      failed(new LianmaiError('network', 'the connection broke'));
    }
    pending.clear();
  };
  connect();

  return {
    watch(room) {
      if (room === watched) return;
      if (greeted && watched !== null) void call('unwatch', { room: watched }).catch(() => undefined);
      watched = room;
      if (greeted && watched !== null) watch(watched);
    },
    call,
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
      lose();
    },
  };
}
