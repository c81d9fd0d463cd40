/** Commands that wait: for a connection to be sent on, or for their answer. Each at most as long as it may take. */
import { LianmaiError, asError } from '../types/errors';
import type { Platform, Timer } from '../types/platform';
import type { Answer } from './frames';

export interface CommandOptions {
  /** Sent as soon as there is a connection, before rooms are entered again. */
  urgent?: boolean;
  timeoutMs?: number;
  /** Sees the result before any later frame is looked at. */
  take?: (result: unknown) => void;
}

interface Waiting {
  text: string;
  done: (result: unknown) => void;
  failed: (error: LianmaiError) => void;
  timer: Timer;
  sent: boolean;
  urgent: boolean;
}

/** More of them than this are refused. */
const MOST = 512;

export class Pending {
  private readonly all = new Map<number, Waiting>();

  constructor(
    private readonly platform: Platform,
    private readonly timeoutMs: number,
  ) {}

  /** Takes a command; it is sent by the next `flush` that may. */
  add(id: number, op: string, fields: object, { urgent = false, timeoutMs = this.timeoutMs, take }: CommandOptions): Promise<unknown> {
    if (this.all.size >= MOST) return Promise.reject(new LianmaiError('network', 'too many commands wait'));
    return new Promise((done, failed) => {
      const late = () => {
        const sent = this.all.get(id)?.sent === true;
        this.all.delete(id);
        failed(sent ? new LianmaiError('timeout', `no answer to ${op} in time`) : new LianmaiError('network', 'no connection in time'));
      };
      const taken = (result: unknown) => {
        try {
          take?.(result);
          done(result);
        } catch (thrown) {
          failed(asError(thrown));
        }
      };
      const timer = this.platform.setTimer(late, timeoutMs);
      this.all.set(id, { text: JSON.stringify({ ...fields, id, op }), done: taken, failed, timer, sent: false, urgent });
    });
  }

  /** Sends what has not been sent: everything, or only what is urgent. */
  flush(everything: boolean, send: (text: string) => void): void {
    for (const waiting of this.all.values()) {
      if (waiting.sent || !(everything || waiting.urgent)) continue;
      waiting.sent = true;
      send(waiting.text);
    }
  }

  answered({ id, result, error }: Answer): void {
    const waiting = this.all.get(id);
    if (!waiting) return;
    this.all.delete(id);
    this.platform.clearTimer(waiting.timer);
    if (error) waiting.failed(error);
    else waiting.done(result);
  }

  /** The connection broke: nobody knows whether what was sent was carried out. What was not sent waits on. */
  broke(cause: LianmaiError): void {
    this.fail(({ sent }) => sent, new LianmaiError('connection_lost', 'the connection broke before the answer came', { cause }));
  }

  end(error: LianmaiError): void {
    this.fail(() => true, error);
  }

  private fail(which: (waiting: Waiting) => boolean, error: LianmaiError): void {
    for (const [id, waiting] of [...this.all]) {
      if (!which(waiting)) continue;
      this.all.delete(id);
      this.platform.clearTimer(waiting.timer);
      waiting.failed(error);
    }
  }
}
