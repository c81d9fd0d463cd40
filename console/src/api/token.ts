/** What the page can read in a token it was given. It does not check it; the gateway does. */
export interface TokenClaims {
  app: string | null;
  /** Whose it is. */
  account: string | null;
  /** Whether it is the app's own, which acts for whom it names. */
  ofApp: boolean;
  /** The one room the token is for. */
  room: string | null;
  /** Unix milliseconds. */
  expiresAt: number | null;
}

/** Claims of a JSON Web Token; `null` if it is none. */
export function readToken(token: string): TokenClaims | null {
  const parts = token.split('.');
  const payload = parts[1];
  if (parts.length !== 3 || !payload) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== 'object' || claims === null) return null;
    const { iss, app, sub, scope, room, exp } = claims as Record<string, unknown>;
    return {
      app: text(app) ?? text(iss),
      account: text(sub),
      ofApp: scope === 'app',
      room: text(room),
      expiresAt: typeof exp === 'number' ? exp * 1000 : null,
    };
  } catch {
    return null;
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
