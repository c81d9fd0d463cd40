/** Media of one room over WebRTC: one connection per direction. */
import type { KeptPublication, KeptSubscription, MediaEngine } from '../room/host';
import type { RoomCore } from '../room/room';
import type { PublishOptions, SubscribeOptions } from '../types/media';
import { RtcPublication } from './publication';
import { Receiver } from './receiver';
import { Sender } from './sender';
import { RtcSubscription } from './subscription';

export class RtcEngine implements MediaEngine {
  readonly sender: Sender;
  readonly receiver: Receiver;
  private readonly stopWake: (() => void) | undefined;

  constructor(readonly room: RoomCore) {
    this.sender = new Sender(room.host, room.id);
    this.receiver = new Receiver(room.host, room.id);
    // The way to the gateway is another one now; connections would notice seconds later.
    this.stopWake = room.host.platform.onWake?.((why) => why === 'network' && this.resumed(false));
  }

  publish(options: PublishOptions): Promise<KeptPublication> {
    return RtcPublication.open(this, options);
  }

  subscribe(stream: string, options: SubscribeOptions): Promise<KeptSubscription> {
    return RtcSubscription.open(this, stream, options);
  }

  resumed(rejoined: boolean): void {
    for (const { peer } of [this.sender, this.receiver]) {
      // Peers of the same session live on, unless the gateway was started anew, which it says then.
      if (rejoined) peer.rebuild();
      else peer.refresh();
    }
  }

  close(): void {
    this.stopWake?.();
    this.sender.peer.close();
    this.receiver.peer.close();
  }
}
