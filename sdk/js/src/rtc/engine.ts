/** Media of one room over WebRTC. */
import type { KeptPublication, KeptSubscription, MediaEngine } from '../room/host';
import type { RoomCore } from '../room/room';
import type { PublishOptions, SubscribeOptions } from '../types/media';
import { Connections } from './connections';
import { RtcPublication } from './publication';
import { RtcSubscription } from './subscription';

export class RtcEngine extends Connections implements MediaEngine {
  constructor(readonly room: RoomCore) {
    super(room.host, room.id);
  }

  publish(options: PublishOptions): Promise<KeptPublication> {
    return RtcPublication.open(this, options);
  }

  subscribe(stream: string, options: SubscribeOptions): Promise<KeptSubscription> {
    return RtcSubscription.open(this, stream, options);
  }
}
