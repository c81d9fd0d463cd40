/** Frames of the gateway's WebSocket, told apart. */
import { LianmaiError } from '../types/errors';
import { refusal } from './problem';

export interface EventFrame {
  event: string;
  [field: string]: unknown;
}

export interface Answer {
  id: number;
  result: unknown;
  error: LianmaiError | null;
}

export type Frame = { kind: 'event'; event: EventFrame } | { kind: 'answer'; answer: Answer };

/** A frame; `null` for what is no frame of ours. */
export function frameOf(text: unknown): Frame | null {
  const fields = parse(text);
  if (!fields) return null;
  if (typeof fields['event'] === 'string') return { kind: 'event', event: fields as EventFrame };
  if (typeof fields['id'] !== 'number' || typeof fields['ok'] !== 'boolean') return null;
  const error = fields['ok'] ? null : refusal(fields['error'], 500);
  return { kind: 'answer', answer: { id: fields['id'], result: fields['result'], error } };
}

/** A JSON object; `null` for anything else. */
export function parse(text: unknown): Record<string, unknown> | null {
  if (typeof text !== 'string') return null;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
