/** Names: `org#app_user@domain` is the account `user`. */

export interface Identity {
  /** `org#app`. */
  key: string;
  account: string;
  domain: string;
  token: string;
}

const DOMAIN = 'easemob.com';

/** A user as apps have it: as text, with or without a resource, or in its parts. `null`: it is neither. */
export function identify(jid: unknown, token: unknown): Identity | null {
  if (typeof token !== 'string' || token === '') return null;
  if (typeof jid === 'object' && jid !== null) {
    const { appKey, name, domain } = jid as { appKey?: unknown; name?: unknown; domain?: unknown };
    if (typeof appKey !== 'string' || typeof name !== 'string' || name === '') return null;
    return { key: appKey, account: name, domain: typeof domain === 'string' && domain ? domain : DOMAIN, token };
  }
  const parts = /^([^#_/]+#[^_/]+)_([^/]+?)(?:@([^@/]+))?(?:\/.*)?$/.exec(typeof jid === 'string' ? jid : '');
  if (!parts) return null;
  return { key: parts[1] as string, account: parts[2] as string, domain: parts[3] ?? DOMAIN, token };
}

export function memName({ key, domain }: Identity, account: string): string {
  return `${key}_${account}@${domain}`;
}

/** The account that a member name, or an account, means. */
export function accountOf({ key }: Identity, name: string): string {
  const own = `${key}_`;
  if (!name.startsWith(own)) return name;
  const user = name.slice(own.length);
  const at = user.lastIndexOf('@');
  return at > 0 ? user.slice(0, at) : user;
}

let lastRtcId = 0;

/** `wx-<n>-<3 letters>`. */
export function getRtcId(): string {
  lastRtcId += 1;
  let letters = '';
  for (let i = 0; i < 3; i += 1) letters += String.fromCharCode(97 + Math.floor(Math.random() * 26));
  return `wx-${lastRtcId}-${letters}`;
}
