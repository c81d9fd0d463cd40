/** Growing pauses between attempts, each shortened by chance by up to half, so that clients do not come in step. */
export class Backoff {
  private attempts = 0;

  constructor(
    private readonly random: () => number,
    private readonly minMs: number,
    private readonly maxMs: number,
  ) {}

  get attempt(): number {
    return this.attempts;
  }

  next(): number {
    const full = Math.min(this.maxMs, this.minMs * 2 ** Math.min(this.attempts, 20));
    this.attempts += 1;
    return Math.round(full * (1 - this.random() / 2));
  }

  reset(): void {
    this.attempts = 0;
  }
}
