/** What publications and subscriptions have in common, however their media travels: a state, and one end. */
import { Emitter } from '../types/emitter';
import type { LianmaiError } from '../types/errors';
import type { MediaState } from '../types/media';

/** Events that all of them have. */
export interface MediaEvents {
  state: MediaState;
  problem: LianmaiError;
  ended: { reason: string };
}

export abstract class MediaBase<M extends MediaEvents> extends Emitter<M> {
  state: MediaState = 'connecting';

  /** Ends for good. */
  end(reason: string): void {
    if (this.state === 'ended') return;
    this.become('ended');
    this.release();
    this.shared.emit('ended', { reason });
  }

  /** Gives back what it holds, when it ends. */
  protected release(): void {}

  protected become(state: MediaState): void {
    if (this.state === state) return;
    this.state = state;
    this.shared.emit('state', state);
  }

  protected trouble(error: LianmaiError): void {
    this.shared.emit('problem', error);
  }

  /** The part of `M` that is known here. */
  private get shared(): Emitter<MediaEvents> {
    return this as unknown as Emitter<MediaEvents>;
  }
}
