/**
 * As whom somebody sits in a room. Members are accounts: the one of the token that was entered, or, where the gateway
 * gives sessions away, one made up for the visitor.
 */
import type { Api } from '../api/api';
import type { Link } from '../api/link';
import { readToken } from '../api/token';
import type { JoinFields, Stream, StreamKind } from '../api/types';
import type { Session } from '../sync/session';

export interface Switches {
  voff: boolean;
  aoff: boolean;
}

export class Seat {
  member: string | null = null;

  private constructor(
    private readonly room: string,
    private given: string,
    private readonly give: () => Promise<string | null>,
  ) {}

  /** Finds out as whom one can sit in a room; `null` if the token is no account's but the app's own. */
  static async find(api: Api, session: Session, room: string): Promise<Seat | null> {
    const visitor = { account: `guest-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`, room };
    const give = session.isOpen()
      ? async () => (await api.openSession(visitor))?.token ?? null
      : () => Promise.resolve(session.token());
    const given = await give();
    const claims = readToken(given ?? '');
    return given === null || !claims || claims.ofApp ? null : new Seat(room, given, give);
  }

  token(): string {
    return this.given;
  }

  /** A token that may have expired is replaced, before it is shown again. */
  renew(): void {
    this.give().then(
      (token) => void (this.given = token ?? this.given),
      () => undefined,
    );
  }

  async join(link: Link, fields: JoinFields): Promise<void> {
    this.member = (await link.call<{ member: string }>('join', { room: this.room, ...fields })).member;
  }

  /** Publishes, and answers the stream's id. */
  async publish(link: Link, kind: StreamKind, switches: Switches): Promise<string> {
    const fields = { room: this.room, kind, via: 'webrtc', ...switches };
    return (await link.call<{ stream: Stream }>('publish_stream', fields)).stream.id;
  }

  leave(link: Link): Promise<unknown> {
    return link.call('leave', { room: this.room });
  }
}
