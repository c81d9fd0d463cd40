/** Commands of the WebSocket: those of REST under the same names, but for some, and its own. */
import type { Join, Joined, Nothing, Operations, Room, Sequence } from './openapi';

/** A STUN or TURN server. */
export interface IceServer {
  urls: string[];
  username?: string | null;
  credential?: string | null;
}

/** What a media line of an offer is for. */
export interface OfferLine {
  mid: string;
  stream: string;
  layer?: string;
}

/** The answer to an offer. */
export interface Negotiated {
  peer: string;
  answer: string;
  etag: string;
  ice_servers?: IceServer[];
}

interface Offer {
  room: string;
  /** An earlier answer's, to change what that connection carries. */
  peer?: string;
  offer: string;
  lines: OfferLine[];
}

/** Commands that only the WebSocket has, or has with other fields. */
export interface SocketCommands {
  join: { request: { room: string } & Join; result: Joined };
  leave: { request: { room: string; session_only?: boolean }; result: Sequence };
  watch: { request: { room: string; after?: number }; result: Room };
  unwatch: { request: { room: string }; result: Nothing };
  levels: { request: { room: string; on: boolean }; result: Nothing };
  ping: { request: Nothing; result: { server_time: number } };
  bye: { request: Nothing; result: Nothing };
  ice_servers: { request: Nothing; result: { ice_servers: IceServer[] } };
  webrtc_publish: { request: Offer; result: Negotiated };
  webrtc_subscribe: { request: Offer; result: Negotiated };
  webrtc_layer: { request: { peer: string; mid: string; layer: string }; result: Nothing };
  webrtc_trickle: { request: { peer: string; fragment: string }; result: { fragment?: string; etag?: string } };
  webrtc_close: { request: { peer: string }; result: Nothing };
}

/** What only a request can ask for (`client.request`). */
type RestOnly =
  | `${'show' | 'set'}_${'policy' | 'webhooks'}`
  | `${string}_recording`
  | 'connect'
  | 'join_room'
  | 'list_recordings'
  | 'recording_file'
  | 'set_mix_picture'
  | 'sign_in';

/** Fields and results by name. */
export type Commands = { [O in Exclude<keyof Operations, RestOnly | keyof SocketCommands>]: Operations[O] } & SocketCommands;

/** Name of a command. */
export type CommandName = keyof Commands;

/** Fields of a command. */
export type Request<C extends CommandName> = Commands[C]['request'];

/** What a command is answered with. */
export type Result<C extends CommandName> = Commands[C]['result'];

/** The first frame of a connection. */
export interface Hello {
  event: 'hello';
  session: string;
  resumed: boolean;
  app: string;
  account: string;
  server_time: number;
  heartbeat_ms: number;
  gone_after_ms: number;
  rooms: { room: string; member: string }[];
}
