/** WeChat-like mini-programs: `wx`, uni-app's `uni`, or any object with the same functions (`my`, `tt`, `qq`, `swan`). */
import { LianmaiError } from '../types/errors';
import type { HttpRequest, HttpResponse, Platform, Socket, SocketHandlers } from '../types/platform';

/** The part of such an object that is used. */
export interface MiniProgramApi {
  request(options: Record<string, unknown>): unknown;
  connectSocket(options: Record<string, unknown>): unknown;
  onNetworkStatusChange?(tell: (status: { isConnected: boolean }) => void): void;
  offNetworkStatusChange?(tell: (status: { isConnected: boolean }) => void): void;
  onAppShow?(tell: () => void): void;
  offAppShow?(tell: () => void): void;
}

interface SocketTask {
  onOpen(tell: () => void): void;
  onMessage(tell: (message: { data: unknown }) => void): void;
  onClose(tell: (close: { code?: number; reason?: string }) => void): void;
  onError(tell: (error: { errMsg?: string }) => void): void;
  send(options: { data: string }): void;
  close(options: { code?: number; reason?: string }): void;
}

declare const wx: MiniProgramApi | undefined;
declare const uni: MiniProgramApi | undefined;

/** Takes `uni` where there is one, since it is there on more platforms; otherwise `wx`; or what is handed in. */
export function miniProgramPlatform(given?: MiniProgramApi): Platform {
  const api = given ?? (typeof uni !== 'undefined' ? uni : undefined) ?? (typeof wx !== 'undefined' ? wx : undefined);
  if (!api) throw new LianmaiError('not_supported', 'this is no mini-program: there is neither wx nor uni');
  return {
    name: 'mini_program',
    request: (request) => send(api, request),
    openSocket: (url, handlers) => openSocket(api, url, handlers),
    now: () => Date.now(),
    random: () => Math.random(),
    setTimer: (run, ms) => setTimeout(run, ms),
    clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    onWake: (wake) => {
      const network = ({ isConnected }: { isConnected: boolean }) => isConnected && wake('network');
      const shown = () => wake('foreground');
      api.onNetworkStatusChange?.(network);
      api.onAppShow?.(shown);
      return () => {
        api.offNetworkStatusChange?.(network);
        api.offAppShow?.(shown);
      };
    },
  };
}

function send(api: MiniProgramApi, { method, url, headers, body, timeoutMs }: HttpRequest): Promise<HttpResponse> {
  return new Promise((done, failed) => {
    api.request({
      url,
      method,
      header: headers,
      data: body ?? undefined,
      timeout: timeoutMs,
      // Otherwise JSON is parsed, but only some of it.
      dataType: 'text',
      responseType: 'text',
      success: ({ statusCode, data, header }: { statusCode: number; data: unknown; header?: Record<string, string> }) => {
        const text = typeof data === 'string' ? data : JSON.stringify(data ?? '');
        done({ status: statusCode, text, header: (name) => valueOf(header ?? {}, name) });
      },
      fail: ({ errMsg = '' }: { errMsg?: string }) => {
        failed(new LianmaiError(/time ?out/i.test(errMsg) ? 'timeout' : 'network', errMsg || 'no answer'));
      },
    });
  });
}

function valueOf(headers: Record<string, string>, name: string): string | null {
  const found = Object.keys(headers).find((key) => key.toLowerCase() === name);
  return found === undefined ? null : (headers[found] ?? null);
}

function openSocket(api: MiniProgramApi, url: string, handlers: SocketHandlers): Socket {
  let over = false;
  const end = (code: number, reason: string) => {
    if (over) return;
    over = true;
    handlers.onClose(code, reason);
  };
  // With a callback, `uni` gives the task at once, too.
  const task = api.connectSocket({ url, fail: ({ errMsg = '' }: { errMsg?: string }) => end(0, errMsg), complete: () => undefined }) as SocketTask;
  task.onOpen(() => handlers.onOpen());
  task.onMessage(({ data }) => handlers.onMessage(String(data)));
  task.onClose(({ code = 0, reason = '' }) => end(code, reason));
  task.onError(({ errMsg = '' }) => end(0, errMsg));
  return {
    send: (data) => task.send({ data }),
    close: (code, reason) => task.close({ code, reason }),
  };
}
