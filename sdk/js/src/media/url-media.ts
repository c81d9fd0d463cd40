/** What streams that something else pushes or pulls by a URL have in common: the URL, and somebody who waits for another. */
import type { RoomCore } from '../room/room';
import { asError } from '../types/errors';
import type { StreamStats } from '../wire/openapi';
import { MediaBase, type MediaEvents } from './base';

export abstract class UrlMedia<M extends MediaEvents> extends MediaBase<M> {
  readonly via = 'rtmp';
  readonly media = null;
  abstract readonly stream: string;
  /** A component waits for a URL, which there may be no connection to ask for. */
  protected wantsUrl = false;

  constructor(
    protected readonly room: RoomCore,
    onAir: boolean,
  ) {
    super();
    this.state = onAir ? 'connected' : 'waiting';
  }

  /** Asks for another URL and tells it. */
  abstract renew(): Promise<string>;

  onRoomEvent(name: string): void {
    if (name === 'media_started') this.become('connected');
    if (name === 'media_stopped') this.become('waiting');
  }

  /** Gives whoever waits a URL to start again with; without a connection, when there is one again. */
  protected async supply(): Promise<void> {
    if (!this.wantsUrl || this.room.phase !== 'inside' || this.state === 'ended') return;
    this.wantsUrl = false;
    try {
      await this.replaceUrl();
    } catch (thrown) {
      const error = asError(thrown);
      this.wantsUrl = error.status === 0;
      this.trouble(error);
    }
  }

  /** What has to be done for another URL. */
  protected async replaceUrl(): Promise<void> {
    await this.renew();
  }

  /** The stream as it reaches the gateway: more, only whoever pushes or plays knows. */
  protected async seen(): Promise<StreamStats | null> {
    return (await this.room.streamStats()).find(({ id }) => id === this.stream)?.stats ?? null;
  }
}
