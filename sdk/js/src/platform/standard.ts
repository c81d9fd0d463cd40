/** Where `fetch` and `WebSocket` are built in (browsers, Node from 22 on) or handed in. */
import { LianmaiError, asError } from '../types/errors';
import type { HttpResponse, Platform, Socket, SocketHandlers } from '../types/platform';

type SocketClass = new (url: string) => {
  onopen: unknown;
  onmessage: unknown;
  onclose: unknown;
  onerror: unknown;
  send(text: string): void;
  close(code?: number, reason?: string): void;
};

/** What to use instead of what is built in. */
export interface NodePlatformOptions {
  /** A class as browsers have it, such as that of the package `ws`. */
  WebSocket?: SocketClass;
  fetch?: typeof fetch;
}

/** Node, and anything else with these two built in or handed in. Without WebRTC: streams are pushed and pulled by URL. */
export function nodePlatform(options: NodePlatformOptions = {}): Platform {
  const platform = standard(options);
  return { name: 'node', ...platform, openSocket: (url, handlers) => platform.openSocket(url, inTurns(handlers)) };
}

/**
 * Packages for Node tell messages that came together without a pause, before anybody who awaits an answer can go on; so
 * one would miss events that follow it. Here each has a turn of its own, as in browsers.
 */
function inTurns({ onOpen, onMessage, onClose }: SocketHandlers): SocketHandlers {
  const waiting: (() => void)[] = [];
  const add = (tell: () => void) => {
    waiting.push(tell);
    setTimeout(() => waiting.shift()?.(), 0);
  };
  return {
    onOpen: () => add(onOpen),
    onMessage: (text) => add(() => onMessage(text)),
    onClose: (code, reason) => add(() => onClose(code, reason)),
  };
}

/** What browsers and Node have in common. */
export function standard(options: NodePlatformOptions): Omit<Platform, 'name'> {
  return {
    request: async ({ method, url, headers, body, timeoutMs }) => {
      const ask = options.fetch ?? globalThis.fetch;
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), timeoutMs);
      try {
        const answer = await ask(url, { method, headers, body, signal: stop.signal });
        return { status: answer.status, text: await answer.text(), header: (name) => answer.headers.get(name) } satisfies HttpResponse;
      } catch (thrown) {
        if (stop.signal.aborted) throw new LianmaiError('timeout', 'no answer in time', { cause: thrown });
        throw asError(thrown);
      } finally {
        clearTimeout(timer);
      }
    },
    openSocket: (url, handlers) => openSocket(options.WebSocket ?? (globalThis.WebSocket as unknown as SocketClass | undefined), url, handlers),
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (run, ms) => setTimeout(run, ms),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  };
}

function openSocket(Class: SocketClass | undefined, url: string, handlers: SocketHandlers): Socket {
  if (!Class) throw new LianmaiError('not_supported', 'there is no WebSocket: hand one in with nodePlatform({ WebSocket })');
  const socket = new Class(url);
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = ({ data }: { data: unknown }) => handlers.onMessage(String(data));
  socket.onclose = ({ code, reason }: { code: number; reason: string }) => handlers.onClose(code, String(reason));
  // `close` follows.
  socket.onerror = () => undefined;
  return { send: (text) => socket.send(text), close: (code, reason) => socket.close(code, reason) };
}
