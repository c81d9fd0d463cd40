/** Where the token comes from: the gateway's dev config gives one to anybody, else somebody enters one. */
import type { Api } from '../api/api';
import { readToken } from '../api/token';

const KEY = 'lianmai.token';
/** A token of the dev config is renewed so long before it expires. */
const MARGIN_MS = 60_000;
/** Whatever the clocks say, not more often than this. */
const SHORTEST_MS = 30_000;

export type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class Session {
  private held: { token: string; app: string | null; room: string | null; open: boolean; renewAt: number } | null = null;

  constructor(
    /** Forgets everything when the tab closes. */
    private readonly kept: Kept,
    private readonly now: () => number = Date.now,
  ) {}

  token(): string | null {
    return this.held?.token ?? null;
  }

  app(): string | null {
    return this.held?.app ?? null;
  }

  /** The one room the token is for; `null` for all rooms of the app. */
  room(): string | null {
    return this.held?.room ?? null;
  }

  /** Whether the token is the app's own. */
  isOfApp(): boolean {
    return readToken(this.held?.token ?? '')?.ofApp ?? false;
  }

  /** Whose token it is. */
  account(): string | null {
    return readToken(this.held?.token ?? '')?.account ?? null;
  }

  isOpen(): boolean {
    return this.held?.open ?? false;
  }

  /** Makes sure that there is a token; `false` if somebody has to enter one. */
  async ensure(api: Api): Promise<boolean> {
    if (this.held && this.now() < this.held.renewAt) return true;
    const open = await api.openSession();
    if (!open) {
      const kept = this.kept.getItem(KEY);
      return kept !== null && this.enter(kept);
    }
    const expiresAt = readToken(open.token)?.expiresAt ?? this.now();
    const renewAt = Math.max(expiresAt - MARGIN_MS, this.now() + SHORTEST_MS);
    this.held = { token: open.token, app: open.app, room: null, open: true, renewAt };
    return true;
  }

  /** Takes a token that somebody entered; `false` if it is none. */
  enter(token: string): boolean {
    const text = token.trim();
    const claims = readToken(text);
    if (!claims) return false;
    this.kept.setItem(KEY, text);
    this.held = { token: text, app: claims.app, room: claims.room, open: false, renewAt: Infinity };
    return true;
  }

  /** The gateway refused the token. */
  drop(): void {
    this.kept.removeItem(KEY);
    this.held = null;
  }
}
