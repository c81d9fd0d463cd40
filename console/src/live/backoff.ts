/** Growing pauses between attempts, so that many pages do not come back in step. */
export class Backoff {
  private attempt = 0;

  constructor(
    private readonly firstMs = 500,
    private readonly longestMs = 10_000,
    private readonly random: () => number = Math.random,
  ) {}

  /** The pause before the next attempt: doubled each time, with up to a quarter taken off at random. */
  next(): number {
    const full = Math.min(this.longestMs, this.firstMs * 2 ** this.attempt);
    this.attempt = Math.min(this.attempt + 1, 16);
    return Math.round(full * (1 - 0.25 * this.random()));
  }

  /** The last attempt worked. */
  reset(): void {
    this.attempt = 0;
  }
}
