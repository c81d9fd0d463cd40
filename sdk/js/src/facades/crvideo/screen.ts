/** Sharing one's screen, and knowing who shares theirs. */
import type { Publication } from '../../types/media';
import type { Room } from '../../types/room';
import { ERR, sdkErr } from './codes';
import { here, uidOf, type Desk, type Part } from './desk';

export interface ScreenCfg {
  catchRect: object;
  maxPFS: number;
  maxKbps: number;
}

export class ScreenShare implements Part {
  cfg: ScreenCfg = { catchRect: {}, maxPFS: 12, maxKbps: 2000 };
  /** What is shared from here. */
  media: MediaStream | null = null;
  /** Called whenever that is something else. */
  onPicture: () => void = () => undefined;
  private publication: Publication | null = null;
  private readonly sharing = new Map<string, string>();

  constructor(private readonly desk: Desk) {}

  entered(room: Room): void {
    const { notices } = this.desk;
    for (const { id, kind, owner } of room.streams.values()) if (kind === 'screen') this.sharing.set(id, uidOf(room, owner));
    // Who comes into a room where somebody shares is told as if it had begun now.
    void Promise.resolve().then(() => {
      for (const uid of this.sharing.values()) notices.fire('NotifyScreenShareStarted', uid);
    });
    room.on('stream_added', ({ stream: { id, kind, owner } }) => {
      if (kind !== 'screen' || owner === room.me.id) return;
      this.sharing.set(id, uidOf(room, owner));
      notices.fire('NotifyScreenShareStarted', uidOf(room, owner));
    });
    room.on('stream_removed', ({ stream }) => {
      const uid = this.sharing.get(stream);
      if (uid === undefined || !this.sharing.delete(stream)) return;
      notices.fire('NotifyScreenShareStopped', uid);
    });
  }

  left(): void {
    this.sharing.clear();
    this.publication = null;
    this.release();
  }

  start(): void {
    void (async () => {
      try {
        await Promise.resolve();
        const room = here(this.desk);
        if (this.publication) throw ERR.loginState;
        const rate = Math.max(1, Math.min(30, this.cfg.maxPFS));
        const media = await navigator.mediaDevices
          .getDisplayMedia({ video: { frameRate: { ideal: rate, max: 30 } }, audio: true })
          .catch(() => Promise.reject(ERR.screen));
        if (this.desk.room !== room) return stop(media);
        for (const track of media.getVideoTracks()) {
          track.contentHint = 'detail';
          track.addEventListener('ended', () => this.media === media && this.stop());
        }
        this.media = media;
        this.onPicture();
        this.publication = await room.publish({ kind: 'screen', via: 'webrtc', media, simulcast: false });
        this.desk.notices.fire('StartScreenShareRslt', ERR.none);
      } catch (thrown) {
        if (!this.publication) this.release();
        this.desk.notices.fire('StartScreenShareRslt', sdkErr(thrown));
      }
    })();
  }

  stop(): void {
    void (async () => {
      try {
        await Promise.resolve();
        here(this.desk);
        const { publication } = this;
        this.publication = null;
        this.release();
        await publication?.unpublish();
        this.desk.notices.fire('StopScreenShareRslt', ERR.none);
      } catch (thrown) {
        this.desk.notices.fire('StopScreenShareRslt', sdkErr(thrown));
      }
    })();
  }

  private release(): void {
    if (!this.media) return;
    stop(this.media);
    this.media = null;
    this.onPicture();
  }
}

function stop(media: MediaStream): void {
  for (const track of media.getTracks()) track.stop();
}
