/** The connection to a gateway. */
import type { LianmaiError } from './errors';
import type { RoomEvent } from './events';
import type { Platform } from './platform';

/** Gives a valid token; asked again when one is about to expire or was refused. */
export type TokenProvider = (who: { appId: string | null; account: string | null }) => string | Promise<string>;

/** What a client is made with. */
export interface ClientOptions {
  /** Address of the gateway, such as `https://live.example.com`. */
  url: string;
  /** A signed token, or what gets one. One of the two. */
  token?: string;
  tokenProvider?: TokenProvider;
  /** Only for the token provider and for reading: who one is stands in the token. */
  appId?: string;
  account?: string;
  /** A newer session of the same device in a room replaces the older. Default: the platform's name and a random number. */
  device?: string;
  /** Where this runs; left out, it is found out. */
  platform?: Platform;
  /** How long a command or request may take, waiting for a connection included. Default 10 000. */
  timeoutMs?: number;
  /** Pauses between attempts to connect: they grow from `minMs` to `maxMs`, each shortened by chance by up to half. */
  backoff?: { minMs?: number; maxMs?: number };
}

/**
 * `idle`: before `connect` and after `close`. `lost`: somebody else took the session over, or the token was refused for
 * good; `connect` begins anew.
 */
export type ConnectionState = 'idle' | 'connecting' | 'connected' | 'reconnecting' | 'lost';

/** Events of a client. */
export interface ClientEvents {
  /** Commands and events flow. `resumed`: in the session of the connection before. */
  connected: { session: string; resumed: boolean };
  /** The connection went; it is tried again unless `final`. */
  disconnected: { code: number; reason: string; final: boolean; error: LianmaiError };
  /** It will be tried again after this pause. */
  reconnecting: { attempt: number; delayMs: number };
  /** The token ends soon or was refused, and there is no provider: hand in another with `setToken`. */
  token_expiring: { expiresAt: number };
  state: ConnectionState;
  /** Every event of every room as it came, those of rooms that are only watched, too. */
  event: RoomEvent & Record<string, unknown>;
}
