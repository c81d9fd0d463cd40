/** What peer connections need of whoever keeps them: a room of the SDK, or a page with a WebSocket of its own. */
import type { Platform } from '../types/platform';
import type { Request, Result, SocketCommands } from '../wire/commands';

/** The commands that peer connections are made with. */
type MediaCommand = 'ice_servers' | Extract<keyof SocketCommands, `webrtc_${string}`>;

export interface MediaHost {
  readonly platform: Platform;
  /** Carries a command out in the session of the member; fails with a `LianmaiError`. */
  command<C extends MediaCommand>(op: C, fields: Request<C>): Promise<Result<C>>;
}
