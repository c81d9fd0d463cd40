/** The peer connections of one member of a room: one for what is sent, one for what is received. */
import type { MediaHost } from './host';
import { Receiver } from './receiver';
import { Sender } from './sender';

export class Connections {
  readonly sender: Sender;
  readonly receiver: Receiver;
  private readonly stopWake: (() => void) | undefined;

  constructor(host: MediaHost, room: string) {
    this.sender = new Sender(host, room);
    this.receiver = new Receiver(host, room);
    // The way to the gateway is another one now; connections would notice seconds later.
    this.stopWake = host.platform.onWake?.((why) => why === 'network' && this.resumed(false));
  }

  /** The session's connection is back; with `rejoined`, as another member, who has no peers yet. */
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
