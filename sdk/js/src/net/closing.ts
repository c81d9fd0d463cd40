/** What a close code of the gateway means (docs/api.md, WebSocket). */
import { LianmaiError } from '../types/errors';

export interface Verdict {
  error: LianmaiError;
  /** Do not come back by oneself. */
  final: boolean;
  /** The token was refused. */
  token: boolean;
}

export function verdict(code: number, reason: string): Verdict {
  switch (code) {
    case 4001:
      return { error: new LianmaiError(reason || 'invalid_token', 'the token was refused', { status: 401 }), final: false, token: true };
    case 4002:
      return { error: new LianmaiError('session_replaced', reason || 'a newer connection took the place'), final: true, token: false };
    case 4029:
      return { error: new LianmaiError(reason || 'account_limit_sessions', 'too many sessions', { status: 429 }), final: false, token: false };
    default:
      return { error: new LianmaiError('network', reason || `the connection closed (${code})`), final: false, token: false };
  }
}
