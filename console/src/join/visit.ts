/**
 * One stay in a room, from joining to leaving: a session of its own, what is sent, and what is received. Survives lost
 * connections; the store always says how it is.
 */
import { SCREEN_BITRATE, profileOf } from '../../../sdk/js/src/devices/web';
import type { EventFrame } from '../../../sdk/js/src/net/frames';
import { Connections } from '../../../sdk/js/src/rtc/connections';
import type { SendStats } from '../../../sdk/js/src/types/media';
import { connectLink, type Link } from '../api/link';
import { asError } from '../api/problem';
import type { StreamKind } from '../api/types';
import { explain } from '../explain';
import { platform } from '../platform';
import { receiveAsMember, type Reception, type Sink } from '../rtc/receive';
import { away, type Me, type Sent } from '../store/me';
import { signalOf } from '../store/signals';
import type { Store } from '../store/store';
import { strings } from '../strings';
import { capture, captureScreen, release } from './capture';
import type { Seat } from './seat';

export interface Entry {
  room: string;
  nick: string;
  password: string | null;
  /** Open camera and microphone, or either, or none. The stay releases them. */
  media: MediaStream;
  /** Which to open later; `''` for whichever there is. */
  camera: string;
  microphone: string;
  simulcast: boolean;
}

type SentKind = Extract<StreamKind, 'camera' | 'screen'>;

export class Visit {
  private readonly link: Link;
  private readonly connections: Connections;
  private me: Me;
  private over = false;
  /** What is asked for is done one after another. */
  private queue: Promise<void> = Promise.resolve();

  /** Joins as soon as there is a connection. */
  constructor(
    private readonly store: Store,
    private readonly seat: Seat,
    private readonly entry: Entry,
    origin: string,
  ) {
    this.me = { ...away, room: entry.room, phase: 'joining' };
    const device = `visit-${crypto.getRandomValues(new Uint32Array(1))[0]!.toString(36)}`;
    this.link = connectLink(
      { origin, token: () => this.seat.token(), device, resume: true },
      {
        onOpen: (resumed) => this.do(() => this.enter(resumed)),
        onEvent: (event) => this.happened(event),
        onLost: () => this.lost(),
      },
    );
    const { link } = this;
    this.connections = new Connections({ platform, command: (op, fields) => link.call(op, fields) }, entry.room);
    this.show({});
  }

  /** Sound of the camera's stream. Without a microphone so far, one is opened. */
  setMuted(muted: boolean): void {
    this.do(() => this.switchTrack('audio', !muted));
  }

  setCamera(on: boolean): void {
    this.do(() => this.switchTrack('video', on));
  }

  shareScreen(): void {
    this.do(async () => {
      if (this.sent('screen')) return;
      const media = await captureScreen();
      media.getVideoTracks()[0]?.addEventListener('ended', () => this.stopScreen());
      await this.publish('screen', media);
    });
  }

  stopScreen(): void {
    this.do(async () => {
      const sent = this.sent('screen');
      if (!sent) return;
      this.dropSent(sent);
      await this.link.call('unpublish_stream', { room: this.entry.room, stream: sent.stream });
    });
  }

  receive(stream: string, sink: Sink): Reception {
    return receiveAsMember(this.connections.receiver, stream, sink);
  }

  figures(stream: string): Promise<SendStats | null> {
    return this.connections.sender.figures(stream);
  }

  leave(): void {
    if (this.over) return;
    this.seat.leave(this.link).catch(() => undefined);
    this.end(null);
  }

  private async enter(resumed: boolean): Promise<void> {
    const { nick, password, media } = this.entry;
    if (resumed && this.me.member !== null) {
      this.connections.resumed(false);
      return this.show({ phase: 'joined', problem: null });
    }
    try {
      await this.seat.join(this.link, { role: 'talker', nick, ...(password === null ? {} : { password }) });
    } catch (thrown) {
      // A connection that broke comes back and tries again.
      if (asError(thrown).status !== 0) this.end(explain(thrown));
      return;
    }
    const { member, sending } = this.me;
    // Another member than before has no streams yet.
    const isAnew = member !== null && member !== this.seat.member;
    this.show({ phase: 'joined', member: this.seat.member, problem: null, sending: isAnew ? [] : sending });
    if (isAnew) {
      for (const sent of sending) {
        this.connections.sender.remove(sent.stream);
        await this.publish(sent.kind, sent.media);
      }
    } else if (sending.length === 0 && media.getTracks().length > 0) {
      this.noticeEnd(media);
      await this.publish('camera', media);
    }
    if (member !== null) this.connections.resumed(true);
  }

  private async publish(kind: SentKind, media: MediaStream): Promise<void> {
    const [audio, video] = [media.getAudioTracks()[0] ?? null, media.getVideoTracks()[0] ?? null];
    const switches = { voff: video === null, aoff: audio === null || !audio.enabled };
    try {
      const stream = await this.seat.publish(this.link, kind, switches);
      this.show({ sending: [...this.me.sending.filter((sent) => sent.kind !== kind), { stream, kind, media, ...switches }] });
      this.send(stream, kind, audio, video);
    } catch (thrown) {
      release(media);
      throw thrown;
    }
  }

  private send(stream: string, kind: SentKind, audio: MediaStreamTrack | null, video: MediaStreamTrack | null): void {
    const { simulcast } = this.entry;
    const maxBitrate = kind === 'screen' ? SCREEN_BITRATE : profileOf().maxBitrate;
    const onState = (connection: Me['connection']) => this.show({ connection });
    this.connections.sender.send({ stream, kind, audio, video, simulcast, maxBitrate, onState });
  }

  private async switchTrack(track: 'audio' | 'video', on: boolean): Promise<void> {
    const sent = this.sent('camera');
    const media = sent?.media ?? this.entry.media;
    // What was unplugged is of no more use.
    for (const ended of media.getTracks()) if (ended.readyState === 'ended') media.removeTrack(ended);
    const present = track === 'audio' ? media.getAudioTracks()[0] : media.getVideoTracks()[0];
    if (on && !present) {
      const { camera, microphone } = this.entry;
      const fresh = await capture(track === 'audio' ? { camera: null, microphone } : { camera, microphone: null });
      for (const added of fresh.getTracks()) media.addTrack(added);
      this.noticeEnd(fresh);
    } else if (present && track === 'audio') {
      present.enabled = on;
    } else if (present && !on) {
      // So that the camera's light goes out.
      present.stop();
      media.removeTrack(present);
    }
    if (!sent) return media.getTracks().length > 0 ? this.publish('camera', media) : undefined;
    const { stream } = sent;
    const switches = track === 'audio' ? { aoff: !on } : { voff: !on };
    this.show({ sending: this.me.sending.map((other) => (other === sent ? { ...sent, ...switches } : other)) });
    const [audio, video] = [media.getAudioTracks()[0] ?? null, media.getVideoTracks()[0] ?? null];
    this.send(stream, 'camera', audio, video);
    await this.link.call('update_stream', { room: this.entry.room, stream, ...switches });
  }

  /** A device that was unplugged is as one that was switched off. */
  private noticeEnd(media: MediaStream): void {
    media.getVideoTracks()[0]?.addEventListener('ended', () => this.setCamera(false));
    media.getAudioTracks()[0]?.addEventListener('ended', () => this.setMuted(true));
  }

  private happened(event: EventFrame): void {
    const signal = signalOf(event);
    if (signal) return this.store.dispatch({ type: 'signal', room: this.entry.room, signal });
    if (event['room'] !== this.entry.room) return;
    if (event.event === 'room_ended') this.end(strings.roomEnded);
    if (event.event === 'member_left' && event['member'] === this.me.member) this.end(strings.leftBecause(String(event['reason'])));
    if (event.event === 'stream_removed') {
      const sent = this.me.sending.find(({ stream }) => stream === event['stream']);
      if (sent) this.dropSent(sent);
    }
  }

  private lost(): void {
    this.seat.renew();
    if (this.me.phase === 'joined') this.show({ phase: 'lost' });
  }

  private sent(kind: SentKind): Sent | undefined {
    return this.me.sending.find((sent) => sent.kind === kind);
  }

  private dropSent(sent: Sent): void {
    this.connections.sender.remove(sent.stream);
    release(sent.media);
    for (const track of sent.media.getTracks()) sent.media.removeTrack(track);
    const sending = this.me.sending.filter(({ stream }) => stream !== sent.stream);
    this.show({ sending, ...(sending.length === 0 ? { connection: away.connection } : {}) });
  }

  private do(task: () => Promise<void>): void {
    this.queue = this.queue.then(async () => {
      if (this.over) return;
      if (this.me.problem !== null) this.show({ problem: null });
      try {
        await task();
      } catch (thrown) {
        this.show({ problem: explain(thrown) });
      }
    });
  }

  private end(problem: string | null): void {
    if (this.over) return;
    this.connections.close();
    this.link.close();
    release(this.entry.media);
    for (const { media } of this.me.sending) release(media);
    // Its streams, which may be in the room for a moment more, stay known as ours.
    this.show({ ...away, problem, room: this.entry.room, member: this.me.member });
    this.over = true;
  }

  private show(change: Partial<Me>): void {
    if (this.over) return;
    this.me = { ...this.me, ...change };
    this.store.dispatch({ type: 'me', me: this.me });
  }
}
