/** Requests of the REST API. */
import type { HttpRequest, Platform } from '../types/platform';
import { LianmaiError } from '../types/errors';
import { refusal } from './problem';
import type { Tokens } from './token';

export type Query = Record<string, string | number | boolean | null | undefined>;

interface Asked {
  body?: object;
  query?: Query;
}

export class Rest {
  constructor(
    private readonly base: string,
    private readonly platform: Platform,
    private readonly tokens: Tokens,
    private readonly timeoutMs: number,
  ) {}

  /** The answer's body; `null` where it has none. A token that was refused is replaced once, where it can be. */
  async call<T>(method: HttpRequest['method'], path: string, options: Asked = {}): Promise<T> {
    const token = await this.tokens.get();
    try {
      return await this.once<T>(token, method, path, options);
    } catch (thrown) {
      if (!(thrown instanceof LianmaiError) || thrown.status !== 401 || !this.tokens.hasOther(token)) throw thrown;
      this.tokens.refuse(token);
      return this.once<T>(await this.tokens.get(), method, path, options);
    }
  }

  private async once<T>(token: string, method: HttpRequest['method'], path: string, { body, query }: Asked): Promise<T> {
    const headers: Record<string, string> = { authorization: `Bearer ${token}` };
    if (body) headers['content-type'] = 'application/json';
    const url = `${this.base}${path}${queryOf(query ?? {})}`;
    const text = body ? JSON.stringify(body) : null;
    const answer = await this.platform.request({ method, url, headers, body: text, timeoutMs: this.timeoutMs });
    const value = valueOf(answer.text);
    if (answer.status >= 200 && answer.status < 300) {
      if (value === undefined) throw new LianmaiError('bad_answer', 'the answer is not JSON', { status: answer.status });
      return value as T;
    }
    const seconds = Number(answer.header('retry-after') ?? NaN);
    throw refusal(value, answer.status, Number.isFinite(seconds) ? seconds * 1000 : null);
  }
}

/** `?a=b&c=d`, or nothing; what is `null` or missing is left out. */
export function queryOf(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  const parts = given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return parts.length > 0 ? `?${parts.join('&')}` : '';
}

/** JSON; `null` for an empty text, `undefined` for what is no JSON. */
function valueOf(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
