/** One's own microphone and camera: opened, closed, switched, and published as one stream. */
import type { Publication } from '../../types/media';
import type { Room } from '../../types/room';
import type { Cameras } from './cameras';
import { STATUS } from './codes';
import { audioConstraints, profileOf, videoConstraints } from './config';
import type { Desk, Part } from './desk';

/** A camera that takes longer is reported. */
const SLOW_MS = 10_000;

type Kind = 'audio' | 'video';

const CHANGED = { audio: 'AudioStatusChanged', video: 'VideoStatusChanged' } as const;
const FAILED = { audio: 'OpenMicFailed', video: 'OpenVideoFailed' } as const;

export class Outgoing implements Part {
  readonly status = { audio: STATUS.closed as number, video: STATUS.closed as number };
  /** What is sent now; shown as one's own picture. */
  readonly media = { audio: null as MediaStreamTrack | null, video: null as MediaStreamTrack | null };
  /** Called whenever one's own picture is another. */
  onPicture: () => void = () => undefined;
  private room: Room | null = null;
  private shown: MediaStream | null = null;
  private publication: Publication | null = null;
  /** Changes are made one after another. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly desk: Desk,
    private readonly cameras: Cameras,
  ) {}

  entered(room: Room): void {
    this.room = room;
  }

  left(): void {
    this.room = null;
    this.publication = null;
    for (const kind of ['audio', 'video'] as const) {
      this.drop(kind);
      this.status[kind] = STATUS.closed;
    }
  }

  open(kind: Kind): void {
    if (!this.room || this.status[kind] === STATUS.open || this.status[kind] === STATUS.opening) return;
    this.stand(kind, STATUS.opening);
    this.do(async (room) => {
      if (this.status[kind] !== STATUS.opening) return;
      try {
        const track = await this.capture(kind);
        if (this.room !== room || this.status[kind] !== STATUS.opening) return track.stop();
        this.drop(kind);
        this.media[kind] = track;
        track.addEventListener('ended', () => this.media[kind] === track && this.close(kind));
        await this.send(room, kind);
        this.stand(kind, STATUS.open);
        this.announce(kind);
      } catch (thrown) {
        this.drop(kind);
        this.stand(kind, isMissing(thrown) ? STATUS.none : STATUS.closed);
        this.desk.notices.fire(FAILED[kind], thrown instanceof Error ? thrown.message : String(thrown));
      }
    });
  }

  close(kind: Kind): void {
    if (this.status[kind] !== STATUS.open && this.status[kind] !== STATUS.opening) return;
    this.stand(kind, STATUS.closed);
    this.do(async (room) => {
      if (this.status[kind] !== STATUS.closed) return;
      this.drop(kind);
      await this.send(room, kind);
    });
  }

  /** Opens the device anew with what is set now, if it is open. */
  renew(kind: Kind): void {
    this.do(async (room) => {
      if (this.status[kind] !== STATUS.open) return;
      const track = await this.capture(kind);
      this.drop(kind);
      this.media[kind] = track;
      await this.send(room, kind);
      const { video: cfg, sdk } = this.desk.settings;
      if (kind === 'video') await this.publication?.setQuality(profileOf(cfg, sdk.videoSendBW));
      this.announce(kind);
    });
  }

  /** One's own camera, as long as it is the same one in the same stream. */
  picture(): MediaStream | null {
    const { video } = this.media;
    if (!video) return null;
    this.shown ??= new MediaStream([video]);
    return this.shown;
  }

  /** Volume 0 sends silence. */
  setVolume(volume: number): void {
    if (this.media.audio) this.media.audio.enabled = volume > 0;
  }

  private async capture(kind: Kind): Promise<MediaStreamTrack> {
    const { settings, notices } = this.desk;
    if (kind === 'audio') {
      const media = await navigator.mediaDevices.getUserMedia({ audio: audioConstraints(settings.audio) });
      const track = media.getAudioTracks()[0];
      if (!track) throw new Error('no microphone');
      track.enabled = settings.audio.micVolume > 0;
      return track;
    }
    const own = this.cameras.virtual();
    if (own) return own.clone();
    const slow = setTimeout(() => notices.fire('OpenVideoTimeout'), SLOW_MS);
    try {
      const video = videoConstraints(settings.video, this.cameras.deviceId());
      const track = (await navigator.mediaDevices.getUserMedia({ video })).getVideoTracks()[0];
      if (!track) throw new Error('no camera');
      track.contentHint = 'motion';
      return track;
    } finally {
      clearTimeout(slow);
    }
  }

  private async send(room: Room, kind: Kind): Promise<void> {
    const { audio, video } = this.media;
    const { publication } = this;
    if (!publication || publication.state === 'ended') {
      if (!audio && !video) return;
      const media = new MediaStream([audio, video].filter((track) => track !== null));
      const on = { audio: audio !== null, video: video !== null };
      const { video: cfg, sdk } = this.desk.settings;
      const quality = profileOf(cfg, sdk.videoSendBW);
      this.publication = await room.publish({ kind: 'camera', via: 'webrtc', media, quality, ...on });
      return;
    }
    if (kind === 'audio') {
      await publication.replace({ audio });
      await publication.setAudio(audio !== null);
    } else {
      await publication.replace({ video });
      await publication.setVideo(video !== null);
    }
  }

  private announce(kind: Kind): void {
    const track = this.media[kind];
    if (!track) return;
    const stream = new MediaStream([track]);
    if (kind === 'audio') return this.desk.notices.fire('NotifyAudioStream', 0, stream);
    this.onPicture();
    this.desk.notices.fire('NotifyVideoStream', this.desk.session.uid, stream);
  }

  private drop(kind: Kind): void {
    this.media[kind]?.stop();
    this.media[kind] = null;
    if (kind !== 'video') return;
    this.shown = null;
    this.onPicture();
  }

  private stand(kind: Kind, status: number): void {
    const old = this.status[kind];
    if (old === status) return;
    this.status[kind] = status;
    this.desk.notices.fire(CHANGED[kind], this.desk.session.uid, old, status);
  }

  private do(task: (room: Room) => Promise<void>): void {
    const { room } = this;
    if (!room) return;
    this.queue = this.queue.then(async () => {
      if (this.room !== room) return;
      await task(room).catch((thrown: unknown) => console.error(thrown));
    });
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === 'NotFoundError' || (thrown as { code?: unknown }).code === 'capture_missing');
}
