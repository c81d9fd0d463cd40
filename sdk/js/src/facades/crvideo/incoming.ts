/**
 * What the others send. Their sound plays as soon as they are there; their pictures come only while something shows them.
 */
import type { Subscription } from '../../types/media';
import type { Room } from '../../types/room';
import type { StreamKind } from '../../wire/openapi';
import { uidOf, type Desk, type Part } from './desk';

/** Something that shows a member's picture. */
export interface Screen {
  take(stream: MediaStream | null): void;
}

interface Received {
  subscription: Subscription;
  owner: string;
  kind: StreamKind;
  sound: HTMLAudioElement;
  screens: Set<Screen>;
}

export class Incoming implements Part {
  private readonly all = new Map<string, Received>();
  /** Who wants to see whom, whether or not there is something to see. */
  private readonly wanted = new Map<Screen, { uid: string; kind: StreamKind }>();
  private stop: (() => void) | undefined;
  private paused = false;
  private speaker = '';

  constructor(private readonly desk: Desk) {}

  entered(room: Room): void {
    this.stop = room.subscribeAll((subscription) => this.add(room, subscription), { via: 'webrtc', layer: 'audio_only' });
  }

  left(): void {
    this.stop?.();
    for (const stream of [...this.all.keys()]) this.remove(stream);
  }

  /** Shows a member's camera or screen from now on, and whenever there is one; `null`: nothing. */
  watch(screen: Screen, what: { uid: string; kind: StreamKind } | null): void {
    this.wanted.delete(screen);
    for (const received of this.all.values()) {
      if (received.screens.delete(screen)) this.settle(received);
    }
    screen.take(null);
    if (!what) return;
    this.wanted.set(screen, what);
    const received = [...this.all.values()].find(({ owner, kind }) => owner === what.uid && kind === what.kind);
    if (received) this.display(received, screen);
  }

  setPaused(paused: boolean): void {
    this.paused = paused;
    for (const { sound } of this.all.values()) sound.muted = paused;
  }

  setSpeaker(id: string): void {
    this.speaker = id;
    for (const { sound } of this.all.values()) this.route(sound);
  }

  /** Sound of all the others. */
  sounds(): MediaStreamTrack[] {
    return [...this.all.values()].flatMap(({ subscription }) => subscription.media?.getAudioTracks() ?? []);
  }

  private add(room: Room, subscription: Subscription): void {
    const stream = room.streams.get(subscription.stream);
    if (!stream || this.all.has(subscription.stream)) return;
    const sound = new Audio();
    sound.autoplay = true;
    sound.muted = this.paused;
    this.route(sound);
    subscription.attach(sound);
    const owner = uidOf(room, stream.owner);
    const received: Received = { subscription, owner, kind: stream.kind, sound, screens: new Set() };
    this.all.set(subscription.stream, received);
    subscription.on('ended', () => this.remove(subscription.stream));
    subscription.on('media', (media) => {
      for (const screen of received.screens) screen.take(media);
      if (media) this.announce(received, media);
    });
    sound.addEventListener('loadedmetadata', () => this.play(sound));
    for (const [screen, { uid, kind }] of this.wanted) {
      if (uid === owner && kind === stream.kind) this.display(received, screen);
    }
    if (subscription.media) this.announce(received, subscription.media);
  }

  private announce({ owner, kind }: Received, media: MediaStream): void {
    if (kind === 'camera') this.desk.notices.fire('NotifyVideoStream', owner, media);
    const [first] = this.sounds();
    if (first) this.desk.notices.fire('NotifyAudioStream', 1, new MediaStream(this.sounds()));
  }

  private display(received: Received, screen: Screen): void {
    received.screens.add(screen);
    this.settle(received);
    screen.take(received.subscription.media);
  }

  private settle({ subscription, screens }: Received): void {
    const layer = screens.size > 0 ? 'auto' : 'audio_only';
    if (subscription.layer !== layer) void subscription.setLayer(layer).catch(() => undefined);
  }

  private remove(stream: string): void {
    const received = this.all.get(stream);
    if (!received) return;
    this.all.delete(stream);
    received.sound.srcObject = null;
    for (const screen of received.screens) screen.take(null);
  }

  private play(sound: HTMLAudioElement): void {
    sound.play().catch(() => this.desk.notices.fire('NotifyAutoPlayFailed'));
  }

  private route(sound: HTMLAudioElement): void {
    const able = sound as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
    if (this.speaker !== '') void able.setSinkId?.(this.speaker).catch(() => undefined);
  }
}
