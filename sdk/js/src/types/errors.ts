/** Why something failed. */
import type { ProblemCode } from '../wire/openapi';

/**
 * Codes of this SDK itself: no way to the gateway; no answer in time; the connection broke before the answer came, so the
 * command may or may not have been carried out; the client was closed; an answer that makes no sense; not possible on
 * this platform; another connection took over; one is not (or no longer) inside; devices that were not opened;
 * a page that may not play sound before somebody touches it.
 */
export type LocalCode =
  | 'network'
  | 'timeout'
  | 'connection_lost'
  | 'closed'
  | 'bad_answer'
  | 'not_supported'
  | 'session_replaced'
  | 'left_room'
  | 'call_ended'
  | 'capture_denied'
  | 'capture_missing'
  | 'capture_busy'
  | 'capture_failed'
  | 'play_blocked';

/** Stable codes: of the gateway (docs/api.md) or of the SDK. Newer gateways may have more. */
export type ErrorCode = ProblemCode | LocalCode | (string & {});

export interface ErrorDetails {
  /** HTTP status of the refusal; 0 when there was no answer. */
  status?: number;
  /** The field that is wrong. */
  field?: string | null;
  /** With `name_conflict`: the room that has the name. */
  room?: string | null;
  vendorCode?: number | null;
  vendorState?: number | null;
  /** When to try again, as the gateway says. */
  retryAfterMs?: number | null;
  cause?: unknown;
}

/** The only error that the SDK throws on purpose. Match on `code`; texts may change. */
export class LianmaiError extends Error {
  readonly status: number;
  readonly field: string | null;
  readonly room: string | null;
  readonly vendorCode: number | null;
  readonly vendorState: number | null;
  readonly retryAfterMs: number | null;
  override readonly cause: unknown;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message);
    this.name = 'LianmaiError';
    this.status = details.status ?? 0;
    this.field = details.field ?? null;
    this.room = details.room ?? null;
    this.vendorCode = details.vendorCode ?? null;
    this.vendorState = details.vendorState ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.cause = details.cause;
  }

  /** Whether the same again may work later. */
  get isTransient(): boolean {
    return this.status === 0 ? this.code === 'network' || this.code === 'timeout' : this.status === 429 || this.status >= 500;
  }
}

/** Any thrown value as a `LianmaiError`. */
export function asError(thrown: unknown): LianmaiError {
  if (thrown instanceof LianmaiError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LianmaiError('network', message, { cause: thrown });
}
