/** Values and stand-ins for tests. */
import type { RoomSummary, Stream, StreamStats } from './api/types';

export function stream(id: string, more: Partial<Stream> = {}): Stream {
  return { id, owner: 'm1', kind: 'camera', voff: false, aoff: false, on_air: true, url_version: 1, ...more };
}

export function summary(id: string, streams: Stream[] = [], name: string | null = null): RoomSummary {
  return { id, settings: { name, kind: 'communication', has_password: false }, member_count: 1, streams };
}

export function stats(more: Partial<StreamStats> = {}): StreamStats {
  return {
    uptime_seconds: 5,
    protocol: 'rtmp',
    video: { codec: 'h264', width: 640, height: 360, fps: 24.98, kbps: 612.4, gop_ms: 2000, b_frames: false },
    audio: { codec: 'aac', sample_rate: 44100, channels: 2, kbps: 64.2 },
    readers: 1,
    backlog_ms: 40,
    dropped: 0,
    ...more,
  };
}

/** An unsigned token with these claims. */
export function token(claims: object): string {
  const part = (value: object) => base64Url(JSON.stringify(value));
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

function base64Url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** Storage that lives as long as the test. */
export function storage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  const kept = new Map<string, string>();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}
