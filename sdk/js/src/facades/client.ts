/** What the facades use of the SDK's client, whoever makes it. */
import type { Calls } from '../types/calls';
import type { ClientEvents, ClientOptions } from '../types/client';
import type { Events } from '../types/emitter';
import type { JoinOptions, Room } from '../types/room';
import type { CreateRoom } from '../wire/openapi';

export interface Client extends Events<ClientEvents> {
  readonly calls: Calls;
  connect(): Promise<unknown>;
  close(): unknown;
  setToken(token: string): unknown;
  createRoom(settings: CreateRoom): Promise<unknown>;
  join(room: string, options?: JoinOptions): Promise<Room>;
  /** A command of the WebSocket by its name. */
  call(op: string, fields?: object): Promise<unknown>;
}

export type MakeClient = (options: ClientOptions) => Client;
