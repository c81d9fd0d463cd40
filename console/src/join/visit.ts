/**
 * One stay in a room, from joining to leaving: a session of its own, what is sent, and what is received. Survives lost
 * connections; the store always says how it is.
 */
import type { GatewayEvent } from '../api/frames';
import { connectLink, type Link } from '../api/link';
import { asApiError } from '../api/problem';
import type { StreamKind } from '../api/types';
import { explain } from '../explain';
import { Publisher } from '../rtc/publish';
import { iceServers } from '../rtc/signalling';
import type { SendFigures } from '../rtc/stats';
import { Subscriber } from '../rtc/subscribe';
import { away, type Me, type Sent } from '../store/me';
import { signalOf } from '../store/signals';
import type { Store } from '../store/store';
import { strings } from '../strings';
import { capture, captureScreen, explainCapture, release } from './capture';
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
  readonly subscriber: Subscriber;
  private readonly publisher: Publisher;
  private readonly link: Link;
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
    this.publisher = new Publisher(this.link, entry.room, (connection) => this.show({ connection }));
    this.subscriber = new Subscriber(this.link, entry.room);
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

  figures(stream: string): Promise<SendFigures | null> {
    return this.publisher.figures(stream);
  }

  leave(): void {
    if (this.over) return;
    this.seat.leave(this.link).catch(() => undefined);
    this.end(null);
  }

  private async enter(resumed: boolean): Promise<void> {
    const { nick, password, media } = this.entry;
    if (resumed && this.me.member !== null) return this.show({ phase: 'joined', problem: null });
    try {
      await this.seat.join(this.link, { role: 'talker', nick, ...(password === null ? {} : { password }) });
      const servers = await iceServers(this.link);
      this.publisher.useServers(servers);
      this.subscriber.useServers(servers);
    } catch (thrown) {
      // A connection that broke comes back and tries again.
      if (asApiError(thrown).status !== 0) this.end(explain(thrown));
      return;
    }
    const { member, sending } = this.me;
    // Another member than before has no streams yet.
    const isAnew = member !== null && member !== this.seat.member;
    this.show({ phase: 'joined', member: this.seat.member, problem: null, sending: isAnew ? [] : sending });
    if (isAnew) {
      for (const sent of sending) {
        this.publisher.remove(sent.stream);
        await this.publish(sent.kind, sent.media);
      }
    } else if (sending.length === 0 && media.getTracks().length > 0) {
      this.noticeEnd(media);
      await this.publish('camera', media);
    }
    if (member !== null) {
      this.publisher.restart();
      this.subscriber.restart();
    }
  }

  private async publish(kind: SentKind, media: MediaStream): Promise<void> {
    const [audio, video] = [media.getAudioTracks()[0] ?? null, media.getVideoTracks()[0] ?? null];
    const switches = { voff: video === null, aoff: audio === null || !audio.enabled };
    try {
      const stream = await this.seat.publish(this.link, kind, switches);
      this.show({ sending: [...this.me.sending.filter((sent) => sent.kind !== kind), { stream, kind, media, ...switches }] });
      this.publisher.send({ stream, kind, audio, video, simulcast: this.entry.simulcast });
    } catch (thrown) {
      release(media);
      throw thrown;
    }
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
    this.publisher.send({ stream, kind: 'camera', audio, video, simulcast: this.entry.simulcast });
    await this.link.call('update_stream', { room: this.entry.room, stream, ...switches });
  }

  /** A device that was unplugged is as one that was switched off. */
  private noticeEnd(media: MediaStream): void {
    media.getVideoTracks()[0]?.addEventListener('ended', () => this.setCamera(false));
    media.getAudioTracks()[0]?.addEventListener('ended', () => this.setMuted(true));
  }

  private happened(event: GatewayEvent): void {
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
    this.publisher.remove(sent.stream);
    release(sent.media);
    for (const track of sent.media.getTracks()) sent.media.removeTrack(track);
    this.show({ sending: this.me.sending.filter(({ stream }) => stream !== sent.stream) });
  }

  private do(task: () => Promise<void>): void {
    this.queue = this.queue.then(async () => {
      if (this.over) return;
      if (this.me.problem !== null) this.show({ problem: null });
      try {
        await task();
      } catch (thrown) {
        this.show({ problem: thrown instanceof DOMException ? explainCapture(thrown) : explain(thrown) });
      }
    });
  }

  private end(problem: string | null): void {
    if (this.over) return;
    this.publisher.close();
    this.subscriber.close();
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
