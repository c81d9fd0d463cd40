/** Runs a task now and again, never twice at a time. Tasks report their failures themselves. */
export class Repeater {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;
  private again = false;
  private stopped = false;

  constructor(
    private readonly task: () => Promise<void>,
    /** Pause after a run until the next, asked for after each run. */
    private readonly pauseMs: () => number,
  ) {}

  /** Runs as soon as possible; calls while it runs make it run once more. */
  now(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    const done = () => this.finished();
    this.task().then(done, done);
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private finished(): void {
    this.running = false;
    if (this.stopped) return;
    const wait = this.again ? 0 : this.pauseMs();
    this.again = false;
    this.timer = setTimeout(() => this.now(), wait);
  }
}
