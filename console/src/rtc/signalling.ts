/** What is said about peer connections over the gateway's WebSocket. */
import type { Link } from '../api/link';

export type Signalling = Pick<Link, 'call'>;

/** Which of a publisher's layers a viewer gets. */
export type Layer = 'auto' | 'high' | 'low' | 'audio_only';

/** What a media line of an offer is for. */
export interface Line {
  mid: string;
  stream: string;
  layer?: Layer;
}

export interface Negotiated {
  peer: string;
  answer: string;
  etag: string;
  ice_servers?: RTCIceServer[];
}

/** STUN and TURN servers of the gateway; none where it has none or does not say. */
export async function iceServers(link: Signalling): Promise<RTCIceServer[]> {
  try {
    const { ice_servers: servers } = await link.call<{ ice_servers?: RTCIceServer[] }>('ice_servers');
    return usable(servers);
  } catch {
    return [];
  }
}

/** Without the fields that are `null`, which browsers refuse. */
export function usable(servers: RTCIceServer[] | undefined): RTCIceServer[] {
  return (servers ?? []).map(({ urls, username, credential }) => ({
    urls,
    ...(username ? { username } : {}),
    ...(credential ? { credential } : {}),
  }));
}
