/** Texts and files of any size in parts that fit into one frame, and put together again. Bounded on both sides. */

/** Most bytes of one part, as JSON, in a message of a room and in one to an account. */
export const PART_BYTES = { room: 24_000, account: 3_000 };
/** Most characters that are held until they are whole, in all. */
export const MOST_CHARACTERS = 140_000_000;
/** Most parts of one transfer. */
export const MOST_PARTS = 100_000;
/** Most transfers under way to one client. */
export const MOST_OPEN = 32;

/** Cuts a text so that each part takes at most `limit` bytes in a frame; surrogate pairs stay whole. */
export function cut(text: string, limit: number): string[] {
  const parts: string[] = [];
  let part = '';
  let bytes = 0;
  for (const character of text) {
    const size = sizeInFrame(character);
    if (bytes + size > limit) {
      parts.push(part);
      part = '';
      bytes = 0;
    }
    part += character;
    bytes += size;
  }
  parts.push(part);
  return parts;
}

/** Twice escaped: a letter is JSON inside a command that is JSON. */
function sizeInFrame(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x22 || code === 0x5c) return 4;
  if (code < 0x20 || (code >= 0xd800 && code <= 0xdfff)) return 7;
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/** Bytes of a text in UTF-8. */
export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

export function fromBase64(text: string): ArrayBuffer {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes.buffer;
}

interface Open {
  parts: string[];
  of: number;
  characters: number;
}

/** Puts parts together; of each sender they come in order. */
export class Assembly {
  private readonly open = new Map<string, Open>();
  private held = 0;

  /** The whole text when this was its last part. */
  take(from: string, id: string, n: number, of: number, data: string): string | null {
    const key = `${from} ${id}`;
    if (n === 0) this.begin(key, of);
    const open = this.open.get(key);
    if (!open) return null;
    open.characters += data.length;
    this.held += data.length;
    if (open.of !== of || open.parts.length !== n || this.held > MOST_CHARACTERS) {
      this.drop(key);
      return null;
    }
    open.parts.push(data);
    if (open.parts.length < of) return null;
    this.drop(key);
    return open.parts.join('');
  }

  private begin(key: string, of: number): void {
    this.drop(key);
    if (!Number.isInteger(of) || of < 1 || of > MOST_PARTS) return;
    // The oldest that never came to an end goes.
    const oldest = this.open.keys().next();
    if (this.open.size >= MOST_OPEN && !oldest.done) this.drop(oldest.value);
    this.open.set(key, { parts: [], of, characters: 0 });
  }

  private drop(key: string): void {
    this.held -= this.open.get(key)?.characters ?? 0;
    this.open.delete(key);
  }
}
