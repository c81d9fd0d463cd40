/** Who is in the room, and how their microphones and cameras stand. */
import type { Member } from '../../wire/openapi';
import type { Room } from '../../types/room';
import { STATUS, rejection } from './codes';
import { here, uidOfActor, type Desk, type Part } from './desk';
import { open, seal } from './envelope';
import type { Outgoing } from './outgoing';

export interface MemberInfo {
  UID: string;
  userID: string;
  nickname: string;
  nickName: string;
  audioStatus: number;
  videoStatus: number;
}

interface Standing {
  audio: number;
  video: number;
  nick: string;
}

/** Events after which somebody may stand differently. */
const MOVING = new Set([
  'stream_added',
  'stream_updated',
  'stream_removed',
  'mute_changed',
  'mute_all_changed',
  'member_joined',
  'member_updated',
  'resync',
]);

export class Members implements Part {
  private known = new Map<string, Standing>();

  constructor(
    private readonly desk: Desk,
    private readonly outgoing: Outgoing,
  ) {}

  entered(room: Room): void {
    const { notices } = this.desk;
    this.known = this.look(room);
    room.on('member_joined', ({ member }) => {
      if (member.id !== room.me.id) notices.fire('UserEnterMeeting', member.account);
    });
    room.on('member_left', ({ account, member }) => {
      if (member !== room.me.id) notices.fire('UserLeftMeeting', account);
    });
    room.on('*', (name) => {
      if (MOVING.has(String(name))) this.compare(room);
    });
    room.on('custom_message', ({ from, payload }) => {
      const letter = open(payload);
      if (letter?.do === 'nick' && room.member(uidOfActor(room, from))?.role === 'admin') {
        void room.updateMe({ nick: String(letter.name).slice(0, 128) }).catch(() => undefined);
      }
    });
  }

  left(): void {
    this.known.clear();
  }

  all(): MemberInfo[] {
    const { room } = this.desk;
    return room ? [...room.members.values()].map((member) => this.info(room, member)) : [];
  }

  one(uid: string): MemberInfo | undefined {
    const { room } = this.desk;
    const member = room?.member(uid);
    return room && member ? this.info(room, member) : undefined;
  }

  audio(uid: string): number {
    return this.one(uid)?.audioStatus ?? STATUS.unknown;
  }

  video(uid: string): number {
    return this.one(uid)?.videoStatus ?? STATUS.unknown;
  }

  async rename(uid: string, newname: string): Promise<{ errCode: number; userID: string; newname: string }> {
    try {
      const room = here(this.desk);
      const member = room.member(uid);
      if (!member) throw { code: 'no_such_member' };
      if (member.id === room.me.id) await room.updateMe({ nick: newname });
      else await room.send(seal({ do: 'nick', name: newname }), member.id);
      return { errCode: 0, userID: uid, newname };
    } catch (thrown) {
      throw rejection(thrown);
    }
  }

  async kick(uid: string): Promise<{ errCode: number; userID: string }> {
    try {
      const room = here(this.desk);
      const member = room.member(uid);
      if (!member) throw { code: 'no_such_member' };
      await room.kick(member.id);
      return { errCode: 0, userID: uid };
    } catch (thrown) {
      throw rejection(thrown);
    }
  }

  /** Own devices tell of themselves; this tells of the others'. */
  private compare(room: Room): void {
    const { notices } = this.desk;
    const [before, now] = [this.known, this.look(room)];
    this.known = now;
    for (const [uid, is] of now) {
      const was = before.get(uid) ?? { audio: STATUS.closed, video: STATUS.closed, nick: is.nick };
      if (was.nick !== is.nick) notices.fire('NotifyNickNameChanged', uid, was.nick, is.nick);
      if (uid === room.me.account) continue;
      if (was.audio !== is.audio) notices.fire('AudioStatusChanged', uid, was.audio, is.audio);
      if (was.video !== is.video) notices.fire('VideoStatusChanged', uid, was.video, is.video);
    }
  }

  private look(room: Room): Map<string, Standing> {
    const standing = ({ id, nick }: Member) => ({ ...standingOf(room, id), nick });
    return new Map([...room.members.values()].map((member) => [member.account, standing(member)]));
  }

  private info(room: Room, member: Member): MemberInfo {
    const own = member.id === room.me.id;
    const { audio, video } = own ? this.outgoing.status : standingOf(room, member.id);
    const { account, nick } = member;
    return { UID: account, userID: account, nickname: nick, nickName: nick, audioStatus: audio, videoStatus: video };
  }
}

/** How another member's devices stand: whoever publishes no camera here has both closed. */
export function standingOf(room: Room, member: string): { audio: number; video: number } {
  const camera = room.streamsOf(member).find(({ kind }) => kind === 'camera');
  const muted = room.members.get(member)?.muted;
  const status = (off: boolean | undefined) => (off === false ? STATUS.open : STATUS.closed);
  return {
    audio: status(camera && (camera.aoff || muted?.audio === true)),
    video: status(camera && (camera.voff || muted?.video === true)),
  };
}
