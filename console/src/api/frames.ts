/** Frames of the gateway's WebSocket, told apart. */
import { ApiError } from './problem';

/** Something happened, in a room or on the connection itself. */
export interface GatewayEvent {
  event: string;
  [field: string]: unknown;
}

/** The answer to the command with this id. */
export interface Answer {
  id: number;
  result: unknown;
  error: ApiError | null;
}

export type Frame = { kind: 'event'; event: GatewayEvent } | { kind: 'answer'; answer: Answer };

/** A frame; `null` for what is no frame of ours. */
export function frameOf(data: unknown): Frame | null {
  if (typeof data !== 'string') return null;
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof frame !== 'object' || frame === null) return null;
  const fields = frame as Record<string, unknown>;
  if (typeof fields['event'] === 'string') return { kind: 'event', event: fields as GatewayEvent };
  if (typeof fields['id'] !== 'number' || typeof fields['ok'] !== 'boolean') return null;
  const error = fields['ok'] ? null : refusal(fields['error']);
  return { kind: 'answer', answer: { id: fields['id'], result: fields['result'], error } };
}

function refusal(error: unknown): ApiError {
  const { status, code, message } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const name = typeof code === 'string' ? code : 'bad_answer';
  return new ApiError(typeof status === 'number' ? status : 500, name, typeof message === 'string' ? message : name);
}
