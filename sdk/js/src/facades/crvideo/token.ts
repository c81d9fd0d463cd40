/** What a token says, as far as the script needs it; and tokens for an app's secret. */
import type { Problem, SignIn as SignInBody, SignedIn } from '../../wire/openapi';
import { ERR } from './codes';

export interface Claims {
  app: string;
  account: string;
  /** Unix seconds. */
  expires: number;
}

/** Reads a token; nothing is proven by it. `null` if it is none. */
export function claimsOf(token: unknown): Claims | null {
  const body = typeof token === 'string' ? token.split('.')[1] : undefined;
  if (!body) return null;
  try {
    const bytes = Uint8Array.from(atob(body.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
    const said = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const app = said['iss'] ?? said['app'];
    const { sub, exp } = said;
    if (typeof app !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') return null;
    return { app, account: sub, expires: exp };
  } catch {
    return null;
  }
}

/** What apps hand over instead of the secret: 32 hexadecimal digits. */
export function isMd5(text: unknown): text is string {
  return typeof text === 'string' && /^[0-9a-f]{32}$/i.test(text);
}

export interface SignIn {
  url: string;
  app: string;
  account: string;
  secretMd5: string;
}

/** Gets a token for the digest of an app's secret, where the gateway allows that. Fails with the vendor's number. */
export async function signIn({ url, app, account, secretMd5 }: SignIn): Promise<string> {
  const wanted: SignInBody = { app, account, secret_md5: secretMd5.toLowerCase() };
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/v1/sign-in`, { method: 'POST', headers, body: JSON.stringify(wanted) }).catch(() => null);
  if (!response) throw ERR.noResponse;
  const answer = (await response.json().catch(() => null)) as Partial<SignedIn & Problem> | null;
  if (response.ok && typeof answer?.token === 'string') return answer.token;
  throw answer && typeof answer.code === 'string' ? answer : ERR.service;
}
