/** What a room needs of its client, and what moves its media. */
import type { Rest } from '../net/rest';
import type { LianmaiError } from '../types/errors';
import type { Publication, PublishOptions, SubscribeOptions, Subscription } from '../types/media';
import type { Platform } from '../types/platform';
import type { CommandName, Request, Result } from '../wire/commands';
import type { Joined } from '../wire/openapi';
import type { RoomCore } from './room';

export interface How<R> {
  /** Before rooms are entered again after a reconnect. */
  urgent?: boolean;
  timeoutMs?: number;
  /** Sees the result before any later event is looked at. */
  take?: (result: R) => void;
}

export interface RoomHost {
  readonly platform: Platform;
  readonly rest: Rest;
  /** Makes a room's WebRTC; absent where there is none. */
  readonly makeEngine: ((room: RoomCore) => MediaEngine) | undefined;
  command<C extends CommandName>(op: C, fields: Request<C>, how?: How<Result<C>>): Promise<Result<C>>;
  /** Enters again, with what was said at first. */
  rejoin(room: RoomCore): Promise<Joined>;
  forget(room: RoomCore): void;
}

/** A publication or subscription as its room handles it. */
export interface Kept {
  /** Something happened in the room that is about this stream. */
  onRoomEvent(name: string): void;
  /** The connection is back; with `rejoined`, as somebody new. */
  resumed(rejoined: boolean): void;
  end(reason: string, error?: LianmaiError): void;
}

export type KeptPublication = Publication & Kept;
export type KeptSubscription = Subscription & Kept;

/** Moves media over WebRTC. */
export interface MediaEngine {
  publish(options: PublishOptions): Promise<KeptPublication>;
  subscribe(stream: string, options: SubscribeOptions): Promise<KeptSubscription>;
  /** The connection is back; with `rejoined`, peer connections of before are gone. */
  resumed(rejoined: boolean): void;
  close(): void;
}
