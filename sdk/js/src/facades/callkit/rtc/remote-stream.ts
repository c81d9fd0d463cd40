/** Somebody else's stream, as the vendor's RTC library has it. */
import type { Subscription } from '../../../types/media';
import type { Stream } from '../../../wire/openapi';
import { Emitter } from '../emitter';
import { View, type RenderMode } from './view';

export class RemoteStream extends Emitter {
  audio = false;
  video = false;
  muted = { audio: false, video: false };
  readonly screen: boolean;
  private readonly view = new View(true);
  private readonly sound = new Audio();
  private subscription: Subscription | null = null;
  private stops: (() => void)[] = [];
  private wanted = { audio: true, video: true };

  constructor(
    private stream: Stream,
    readonly account: string,
    private readonly uid: number,
  ) {
    super();
    this.screen = stream.kind === 'screen';
    this.sound.autoplay = true;
    this.look(stream);
  }

  get id(): string {
    return this.stream.id;
  }

  getId(): number {
    return this.uid;
  }

  setSubscribeConfig({ audio = true, video = true }: { audio?: boolean; video?: boolean } = {}): void {
    this.wanted = { audio, video };
    this.settle();
  }

  play(where?: Element | null): Promise<void> {
    if (where) this.view.place(where);
    return Promise.resolve();
  }

  stop(): void {
    this.view.place(null);
  }

  setRemoteRenderMode(mode: RenderMode): void {
    this.view.render(mode);
  }

  muteAudio(): Promise<void> {
    this.sound.muted = true;
    return Promise.resolve();
  }

  unmuteAudio(): Promise<void> {
    this.sound.muted = false;
    return Promise.resolve();
  }

  async setSpeaker(deviceId: string): Promise<void> {
    await (this.sound as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }).setSinkId?.(deviceId);
  }

  /** For whoever receives it. */
  receivedBy(subscription: Subscription): void {
    this.subscription = subscription;
    const show = (media: MediaStream | null) => {
      const picture = media?.getVideoTracks() ?? [];
      this.view.show(media ? new MediaStream(picture) : null);
    };
    this.stops = [subscription.attach(this.sound), subscription.on('media', show)];
    show(subscription.media);
    this.settle();
  }

  /** Takes over how it stands now. */
  look({ aoff, voff, ext }: Pick<Stream, 'aoff' | 'voff' | 'ext'>): void {
    this.audio = !aoff;
    this.video = !voff;
    this.muted = mutedIn(ext);
  }

  destroy(): void {
    for (const stop of this.stops) stop();
    this.stops = [];
    this.subscription = null;
    this.sound.srcObject = null;
    this.view.show(null);
    this.view.place(null);
  }

  private settle(): void {
    const layer = this.wanted.video ? 'auto' : 'audio_only';
    if (this.subscription && this.subscription.layer !== layer) this.subscription.setLayer(layer).catch(() => undefined);
    if (!this.wanted.audio) this.sound.muted = true;
  }
}

function mutedIn(ext: string): { audio: boolean; video: boolean } {
  try {
    const { muted } = JSON.parse(ext) as { muted?: { audio?: unknown; video?: unknown } };
    return { audio: muted?.audio === true, video: muted?.video === true };
  } catch {
    return { audio: false, video: false };
  }
}
