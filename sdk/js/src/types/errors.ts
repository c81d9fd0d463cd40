/** Why something failed. */
import type { ProblemCode } from '../wire/openapi';

/** Codes of this SDK itself. */
export type LocalCode =
  /** No way to the gateway. */
  | 'network'
  /** No answer in time. */
  | 'timeout'
  /** The connection broke before the answer came: the command may or may not have been carried out. */
  | 'connection_lost'
  /** WebRTC: media finds no way to the gateway, whose media port may be closed to us. */
  | 'media_unreachable'
  /** WebRTC: media had a way and lost it. */
  | 'media_lost'
  /** The client was closed, or not connected yet. */
  | 'closed'
  /** The gateway's answer makes no sense to us. */
  | 'bad_answer'
  /** Not possible on this platform. */
  | 'not_supported'
  /** Another connection took this one's place. */
  | 'session_replaced'
  /** One is not, or no longer, in the room. */
  | 'left_room'
  /** The call is over. */
  | 'call_ended'
  /** Nobody allowed the device. */
  | 'capture_denied'
  /** There is no such device, or no longer. */
  | 'capture_missing'
  /** The device is in use elsewhere. */
  | 'capture_busy'
  /** The device was not opened, for another reason. */
  | 'capture_failed'
  /** The page may not play sound before somebody touches it. */
  | 'play_blocked';

const TRANSIENT = ['network', 'timeout', 'media_unreachable', 'media_lost'];

/** Stable codes: of the gateway (docs/api.md) or of the SDK. Newer gateways may have more. */
export type ErrorCode = ProblemCode | LocalCode | (string & {});

/** What an error is made with, besides code and text. */
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
    return this.status === 0 ? TRANSIENT.includes(this.code) : this.status === 429 || this.status >= 500;
  }
}

/** Any thrown value as a `LianmaiError`. */
export function asError(thrown: unknown): LianmaiError {
  if (thrown instanceof LianmaiError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new LianmaiError('network', message, { cause: thrown });
}
