/**
 * The WebSocket that tells when something changed in a watched room. Only a hint: what is shown always comes from the
 * REST API, so a lost event costs at most one polling interval.
 */
import { Backoff } from '../live/backoff';

export interface EventLink {
  /** Watches this room, and no other. */
  watch(room: string | null): void;
  close(): void;
}

export interface EventHandlers {
  /** Events arrive from now on. */
  onOpen(): void;
  /** Something happened. */
  onEvent(): void;
  /** No events until the next `onOpen`. */
  onLost(): void;
}

type Socket = Pick<WebSocket, 'send' | 'close' | 'onmessage' | 'onclose'>;
export type OpenSocket = (url: string) => Socket;

export interface EventOptions {
  origin: string;
  /** Asked for before each connection, since tokens expire. */
  token: () => string | null;
  /** A newer session of one device replaces the older, so every tab is a device of its own. */
  device: string;
  open?: OpenSocket;
  backoff?: Backoff;
}

/** Connects, and connects again whenever the connection goes. */
export function connectEvents(options: EventOptions, handlers: EventHandlers): EventLink {
  const open = options.open ?? ((url: string) => new WebSocket(url));
  const backoff = options.backoff ?? new Backoff(1_000, 10_000);
  let socket: Socket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let greeted = false;
  let watched: string | null = null;
  let closed = false;

  const command = (op: string, room: string) => socket?.send(JSON.stringify({ op, room }));

  const receive = (data: unknown) => {
    const event = eventOf(data);
    if (event === 'hello') {
      greeted = true;
      backoff.reset();
      if (watched !== null) command('watch', watched);
      handlers.onOpen();
    } else if (event !== null) {
      handlers.onEvent();
    }
  };

  const connect = () => {
    greeted = false;
    const query = new URLSearchParams({ access_token: options.token() ?? '', device: options.device });
    socket = open(`${options.origin.replace(/^http/, 'ws')}/v1/ws?${query}`);
    socket.onmessage = (message: MessageEvent) => receive(message.data);
    socket.onclose = () => {
      greeted = false;
      if (closed) return;
      handlers.onLost();
      timer = setTimeout(connect, backoff.next());
    };
  };
  connect();

  return {
    watch(room) {
      if (room === watched) return;
      if (greeted && watched !== null) command('unwatch', watched);
      watched = room;
      if (greeted && watched !== null) command('watch', watched);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

/** Name of the event in a frame; `null` for answers and for what is no frame of ours. */
function eventOf(data: unknown): string | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    if (typeof frame !== 'object' || frame === null || !('event' in frame)) return null;
    return typeof frame.event === 'string' ? frame.event : null;
  } catch {
    return null;
  }
}
