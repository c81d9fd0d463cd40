/** The token of the moment: given once, or fetched again whenever it is about to expire or was refused. */
import { LianmaiError } from '../types/errors';
import { parse } from './frames';

/** A token is replaced when it has less than this left. */
export const MARGIN_MS = 30_000;

export interface Claims {
  app: string | null;
  account: string | null;
  /** Unix milliseconds. */
  expiresAt: number | null;
}

export class Tokens {
  private token: string | null;
  private asking: Promise<string> | null = null;

  constructor(
    given: string | undefined,
    private readonly provider: (() => string | Promise<string>) | undefined,
    private readonly now: () => number,
  ) {
    this.token = given ?? null;
  }

  get canRenew(): boolean {
    return this.provider !== undefined;
  }

  get claims(): Claims {
    return readToken(this.token ?? '');
  }

  set(token: string): void {
    this.token = token;
  }

  /** This token was refused: the next one is asked for anew, unless there is another already. */
  refuse(token: string | null): void {
    if (this.provider && this.token === token) this.token = null;
  }

  /** Whether there is, or may be, another one than this. */
  hasOther(token: string | null): boolean {
    return this.canRenew || this.token !== token;
  }

  /** A token that lasts a little longer, where there is a way to get one. */
  async get(): Promise<string> {
    const { token } = this;
    const ends = this.claims.expiresAt;
    if (token !== null && (!this.provider || ends === null || ends - this.now() > MARGIN_MS)) return token;
    if (!this.provider) throw new LianmaiError('missing_token', 'there is no token');
    this.asking ??= this.ask(this.provider);
    return this.asking;
  }

  private async ask(provider: () => string | Promise<string>): Promise<string> {
    try {
      this.token = await provider();
      return this.token;
    } finally {
      this.asking = null;
    }
  }
}

/** What a token says; it is not checked. */
export function readToken(token: string): Claims {
  const claims = parse(decode(token.split('.')[1] ?? '')) ?? {};
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const ends = claims['exp'];
  return {
    app: text(claims['iss']) ?? text(claims['app']),
    account: text(claims['sub']),
    expiresAt: typeof ends === 'number' ? ends * 1000 : null,
  };
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Base64url as text of single bytes: mini-programs have no `atob`. Enough for the ASCII that claims are. */
function decode(encoded: string): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const letter of encoded.replace(/\+/g, '-').replace(/\//g, '_')) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) break;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    text += String.fromCharCode((held >> bits) & 0xff);
  }
  return text;
}
