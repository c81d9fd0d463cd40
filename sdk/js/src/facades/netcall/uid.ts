/**
 * Numbers for accounts and channels: whole, of 15 digits, so that they are exact. A stream says its publisher's number in
 * its name; whoever has said none gets one that is always the same for the account.
 */

const MARK = 'netcall:';
const LEAST = 100_000_000_000_000;
const COUNT = 900_000_000_000_000;

export function uidOf(account: string, clientRef?: string | null): number {
  const said = clientRef?.startsWith(MARK) ? Number(clientRef.slice(MARK.length)) : NaN;
  return Number.isSafeInteger(said) && said > 0 ? said : numberOf(`uid ${account}`);
}

export function channelNumber(name: string): number {
  return numberOf(`cid ${name}`);
}

export function streamName(uid: number): string {
  return `${MARK}${uid}`;
}

/** Two hashes of 32 bits (FNV-1a with different starts) make one number of 15 digits. */
function numberOf(text: string): number {
  const high = hash(text, 0x811c9dc5);
  const low = hash(text, 0x9747b28c);
  return LEAST + (((high % 209_715) * 4_294_967_296 + low) % COUNT);
}

function hash(text: string, start: number): number {
  let value = start;
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  }
  return value >>> 0;
}
