/** Numbers for accounts: the RTC library of the vendor knows users by number. */

/** The same number for the same account, everywhere: FNV-1a in 48 bits, so that it stays exact in JavaScript. */
export function uidOf(account: string): number {
  let [high, low] = [0x811c, 0x9dc5];
  for (let at = 0; at < account.length; at += 1) {
    low ^= account.charCodeAt(at);
    const product = low * 0x0193;
    high = (high * 0x0193 + low * 0x0100 + (product >>> 16)) & 0xffffffff;
    low = product & 0xffff;
  }
  return (high >>> 0) * 0x10000 + low;
}
