/** Which room the address bar names: `#/rooms/<id>`. */

const PREFIX = '#/rooms/';

export function roomOfHash(hash: string): string | null {
  if (!hash.startsWith(PREFIX)) return null;
  try {
    return decodeURIComponent(hash.slice(PREFIX.length)) || null;
  } catch {
    return null;
  }
}

export function hashOfRoom(room: string): string {
  return PREFIX + encodeURIComponent(room);
}
