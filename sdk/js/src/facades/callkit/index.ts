/**
 * `callkit.js`: NetEase's calling component before 1.6.0, over this SDK, under the names of both generations.
 * `RTCCalling` (1.0) and `NERTCCalling` (1.4, also the default export) differ in little; apps know one of them.
 */
import { Calling } from './calling';
import type { InstanceOptions } from './component';

let instance: NERTCCalling | null = null;
let older: RTCCalling | null = null;

export class NERTCCalling extends Calling {
  static getInstance(options: InstanceOptions = {}): NERTCCalling {
    return (instance ??= new NERTCCalling(options));
  }

  override destroy(): void {
    super.destroy();
    if (instance === this) instance = null;
  }
}

export class RTCCalling extends Calling {
  static override readonly version: string = '1.0.1';

  static getInstance(options: InstanceOptions = {}): RTCCalling {
    return (older ??= new RTCCalling(options));
  }

  /** Muting closes the microphone. */
  override muteLocalAudio(muted: boolean): Promise<void> {
    return this.media.enable('audio', !muted);
  }

  override destroy(): void {
    super.destroy();
    if (older === this) older = null;
  }

  protected override sentTo(receiver: string): string {
    return receiver;
  }
}

export default NERTCCalling;
