/** Refusals as the gateway says them (RFC 9457 over HTTP, the same without `type` and `title` over WebSocket). */
import { LianmaiError } from '../types/errors';

/** The error of a refusal's body; `status` is that of the answer, for bodies that do not say. */
export function refusal(body: unknown, status: number, retryAfterMs: number | null = null): LianmaiError {
  const fields = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const code = text(fields['code']) ?? (status === 500 ? 'bad_answer' : `http_${status}`);
  const message = text(fields['message']) ?? text(fields['detail']) ?? code;
  return new LianmaiError(code, message, {
    status: number(fields['status']) ?? status,
    field: text(fields['field']),
    room: text(fields['room']),
    vendorCode: number(fields['vendor_code']),
    vendorState: number(fields['vendor_state']),
    retryAfterMs,
  });
}

const text = (value: unknown) => (typeof value === 'string' ? value : null);
const number = (value: unknown) => (typeof value === 'number' ? value : null);
