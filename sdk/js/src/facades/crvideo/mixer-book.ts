/**
 * What everybody in a room knows of its cloud mixers, kept in attributes of the scripts' own, `~cr.mixer.ID`. Keys of
 * storage and of addresses that are pushed to never get there: every member reads attributes.
 */

export const PREFIX = '~cr.mixer.';
const MOST_BYTES = 8000;

export interface Entry {
  owner: string;
  state: number;
  /** Rises with each change of the content. */
  rev: number;
  /** Rises with each change at all: what is older than one knows is no news. */
  seq: number;
  cfg: object;
  /** What the gateway does for it. */
  kind: 'mix' | 'streams';
  pushes: string[];
  recordings: string[];
}

export function keyOf(id: string): string {
  return PREFIX + id;
}

export function idOf(key: string): string | null {
  return key.startsWith(PREFIX) ? key.slice(PREFIX.length) : null;
}

export function write(entry: Entry): string {
  const text = JSON.stringify(entry);
  // What does not fit is the layout; the others see that there is a mixer.
  return new TextEncoder().encode(text).length <= MOST_BYTES ? text : JSON.stringify({ ...entry, cfg: {} });
}

/** `null` for what no script of ours wrote. */
export function read(text: string): Entry | null {
  try {
    const said = JSON.parse(text) as Partial<Entry> | null;
    if (typeof said !== 'object' || said === null || typeof said.state !== 'number') return null;
    const list = (given: unknown) => (Array.isArray(given) ? given.filter((item) => typeof item === 'string') : []);
    return {
      owner: String(said.owner ?? ''),
      state: said.state,
      rev: Number(said.rev) || 0,
      seq: Number(said.seq) || 0,
      cfg: typeof said.cfg === 'object' && said.cfg !== null ? said.cfg : {},
      kind: said.kind === 'streams' ? 'streams' : 'mix',
      pushes: list(said.pushes),
      recordings: list(said.recordings),
    };
  } catch {
    return null;
  }
}

/** The configuration as everybody may see it. */
export function withoutSecrets(cfg: object): object {
  const copy = JSON.parse(JSON.stringify(cfg)) as Record<string, unknown>;
  delete copy['storageConfig'];
  for (const part of ['videoFileCfg', 'audioFileCfg']) {
    const file = copy[part] as Record<string, unknown> | undefined;
    if (typeof file?.['svrPathName'] === 'string') file['svrPathName'] = hidden(file['svrPathName']);
  }
  return copy;
}

/** Addresses up to their host. */
function hidden(paths: string): string {
  const one = (path: string) => path.trim().replace(/^(rtmps?:\/\/[^/;]+)\/.*$/i, '$1');
  return paths.split(';').map(one).join(';');
}

/** What `svrPathName` asks for. */
export function outputsOf(paths: unknown): { pushes: string[]; files: string[] } {
  const all = typeof paths === 'string' ? paths.split(';').map((path) => path.trim()) : [];
  const isPush = (path: string) => /^rtmps?:\/\//i.test(path);
  return { pushes: all.filter(isPush), files: all.filter((path) => path !== '' && !path.includes('://')) };
}

/** The gateway's kind of file for a name. */
export function formatOf(file: string): 'mp4' | 'flv' | 'hls' {
  const end = /\.(\w+)$/.exec(file)?.[1]?.toLowerCase();
  return end === 'flv' ? 'flv' : end === 'm3u8' || end === 'ts' ? 'hls' : 'mp4';
}
