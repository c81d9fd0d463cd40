/** A room as a conference: members and streams in the vendor's shapes, and what happens in it. */
import type { Room } from '../../types/room';
import type { Actor } from '../../types/events';
import type { LianmaiError } from '../../types/errors';
import type { LeftReason } from '../../types/events';
import type { Member, Stream } from '../../wire/openapi';
import { EXIT, GONE, RESULT, ROLES } from './constants';
import { memName, type Identity } from './names';
import { refusalOf } from './refusal';

export interface ConfrMember {
  id: string;
  memberId: string;
  name: string;
  memName: string;
  nickName: string;
  role: number;
  ext?: unknown;
  isSelf?: boolean;
  vcodes: string[];
}

export interface ConfrStream {
  id: string;
  rtcId: string | null;
  memId: string;
  memName: string;
  /** 1: off. */
  voff: 0 | 1;
  aoff: 0 | 1;
  /** 0 camera, 1 desktop. */
  type: 0 | 1;
  ext?: unknown;
  owner: ConfrMember;
}

export interface ConfrAttribute {
  key: string;
  val: string;
  op: 'ADD' | 'UPDATE' | 'DEL';
}

/** Who is told. */
export interface ConfrListener {
  joined(member: ConfrMember): void;
  exited(member: ConfrMember, reason: number): void;
  added(stream: ConfrStream): void;
  removed(stream: ConfrStream): void;
  switched(stream: ConfrStream, update: { voff: 0 | 1; aoff: 0 | 1 }): void;
  role(role: number, member: ConfrMember): void;
  attributes(attributes: ConfrAttribute[]): void;
  muted(member: ConfrMember, muted: boolean, by: string | null): void;
  mutedAll(muted: boolean): void;
  /** Somebody asks for a role, or one's own question was answered. */
  asked(member: ConfrMember, role: number): void;
  answered(role: number, accepted: boolean): void;
  /** One had to enter anew: everybody and everything is told of again. */
  again(): void;
  exit(reason: number, failed: number | undefined): void;
}

/** One stay in a room. */
export class Conference {
  private readonly stops: (() => void)[] = [];
  /** As they were shown last, so that what is gone can be told. */
  private readonly members = new Map<string, ConfrMember>();
  private readonly streams = new Map<string, ConfrStream>();

  constructor(
    readonly room: Room,
    private readonly identity: Identity,
    private readonly listener: ConfrListener,
    /** Whether one's own streams are told of, too, as browsers have it. */
    private readonly withOwn: boolean,
  ) {}

  /** Tells of oneself, of the others, of their streams, and from then on of every change. */
  begin(): void {
    const { room } = this;
    this.listen();
    for (const member of [room.me, ...[...room.members.values()].filter(({ id }) => id !== room.me.id)]) this.join(member);
    for (const stream of room.streams.values()) this.add(stream);
  }

  end(): void {
    for (const stop of this.stops.splice(0)) stop();
  }

  get self(): ConfrMember {
    return this.shape(this.room.me);
  }

  stream(id: string): ConfrStream | undefined {
    return this.streams.get(id);
  }

  member(id: string): ConfrMember | undefined {
    return this.members.get(id);
  }

  private listen(): void {
    const { room, listener, stops } = this;
    stops.push(
      room.on('member_joined', ({ member }) => this.join(member)),
      room.on('member_left', ({ member, reason }) => {
        const gone = this.members.get(member);
        if (!gone || !this.members.delete(member) || member === room.me.id) return;
        listener.exited(gone, { normal: GONE.NORMAL, timeout: GONE.NO_RESPONSE, kicked: GONE.KICKED, room_ended: GONE.NORMAL }[reason]);
      }),
      room.on('member_updated', ({ member }) => this.refresh(member)),
      room.on('stream_added', ({ stream }) => this.add(stream)),
      room.on('stream_removed', ({ stream }) => {
        const gone = this.streams.get(stream);
        if (gone && this.streams.delete(stream)) listener.removed(gone);
      }),
      room.on('stream_updated', ({ stream, voff, aoff, client_ref }) => {
        const known = this.streams.get(stream);
        if (!known) return;
        Object.assign(known, { voff: bit(voff), aoff: bit(aoff), rtcId: client_ref });
        listener.switched(known, { voff: known.voff, aoff: known.aoff });
      }),
      room.on('role_changed', ({ member, role }) => {
        const changed = this.refresh(member);
        if (changed) listener.role(ROLES[role], changed);
      }),
      room.on('attribute_set', ({ key, value }) => listener.attributes([{ key, val: value, op: 'UPDATE' }])),
      room.on('attribute_deleted', ({ key }) => listener.attributes([{ key, val: '', op: 'DEL' }])),
      room.on('mute_changed', ({ member, mute, by }) => {
        const changed = this.members.get(member);
        if (changed) listener.muted(changed, mute.own.audio, this.nameOf(by));
      }),
      room.on('mute_all_changed', ({ muted }) => listener.mutedAll(muted.audio)),
      room.on('request_opened', ({ request }) => {
        const asking = this.members.get(request.member);
        if (asking && request.member !== room.me.id) listener.asked(asking, ROLES[request.role]);
      }),
      room.on('request_closed', ({ member, role, outcome }) => {
        const isAnswer = outcome === 'accepted' || outcome === 'refused';
        if (member === room.me.id && isAnswer) listener.answered(ROLES[role], outcome === 'accepted');
      }),
      room.on('resumed', ({ rejoined }) => {
        // One is a new member; apps take up everything again.
        if (rejoined) this.again();
      }),
      room.on('left', ({ reason, error }) => {
        this.end();
        listener.exit(exitOf(reason), failedOf(reason, error));
      }),
    );
  }

  private again(): void {
    this.members.clear();
    this.streams.clear();
    this.listener.again();
    for (const member of this.room.members.values()) this.join(member);
    for (const stream of this.room.streams.values()) this.add(stream);
  }

  private join(member: Member): void {
    if (this.members.has(member.id)) return;
    const shape = this.shape(member);
    this.members.set(member.id, shape);
    this.listener.joined(shape);
  }

  private add(stream: Stream): void {
    // The mix has no owner, and clients know streams of members only.
    const owner = stream.owner ? this.members.get(stream.owner) : undefined;
    if (!owner || this.streams.has(stream.id) || (owner.isSelf && !this.withOwn)) return;
    const shape: ConfrStream = {
      id: stream.id,
      rtcId: stream.client_ref ?? null,
      memId: owner.id,
      memName: owner.memName,
      voff: bit(stream.voff),
      aoff: bit(stream.aoff),
      type: stream.kind === 'screen' ? 1 : 0,
      ...extOf(stream.ext),
      owner,
    };
    this.streams.set(stream.id, shape);
    this.listener.added(shape);
  }

  private refresh(id: string): ConfrMember | undefined {
    const known = this.members.get(id);
    const now = this.room.members.get(id);
    return known && now ? Object.assign(known, this.shape(now)) : known;
  }

  private shape(member: Member): ConfrMember {
    const name = memName(this.identity, member.account);
    return {
      id: member.id,
      memberId: member.id,
      name,
      memName: name,
      nickName: member.nick || member.account,
      role: ROLES[member.role],
      ...extOf(member.ext),
      ...(member.id === this.room.me.id ? { isSelf: true } : {}),
      vcodes: ['H264', 'VP8'],
    };
  }

  private nameOf(by: Actor): string | null {
    return by.type === 'member' ? (this.members.get(by.id)?.memName ?? null) : null;
  }
}

/** Texts that are JSON are given as what they say. */
function extOf(ext: string): { ext?: unknown } {
  if (!ext) return {};
  try {
    return { ext: JSON.parse(ext) as unknown };
  } catch {
    return { ext };
  }
}

function bit(on: boolean): 0 | 1 {
  return on ? 1 : 0;
}

function exitOf(reason: LeftReason): number {
  switch (reason) {
    case 'replaced':
      return EXIT.OTHER_DEVICE;
    case 'room_ended':
    case 'kicked':
      return EXIT.CLOSED;
    case 'timeout':
    case 'refused':
      return EXIT.FAILED;
    case 'closed':
    case 'normal':
      return EXIT.NORMAL;
  }
}

function failedOf(reason: LeftReason, error: LianmaiError | null): number | undefined {
  if (reason !== 'timeout' && reason !== 'refused') return undefined;
  return error ? refusalOf(error).error : RESULT.GAVE_UP;
}
