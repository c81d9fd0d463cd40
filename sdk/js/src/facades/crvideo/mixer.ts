/**
 * Cloud mixers: the room's mix (`mode` 0, one at a time) with files and addresses it goes to, or recordings of single
 * streams (`mode` 1). Every member sees all of them.
 */
import type { Client } from '../client';
import type { Room } from '../../types/room';
import type { Recording, RecordingPart } from '../../wire/openapi';
import { ERR, MIXER_STATE, OUTPUT_STATE, rejection, sdkErr } from './codes';
import { here, type Desk, type Part } from './desk';
import { formatOf, idOf, keyOf, outputsOf, read, withoutSecrets, write, type Entry } from './mixer-book';

export interface MixerInfo {
  ID: string;
  owner: string;
  cfg: object;
  state: number;
}

interface Cfg {
  mode?: number;
  videoFileCfg?: Record<string, unknown>;
  audioFileCfg?: Record<string, unknown>;
}

/** States of the gateway's mix, in the vendor's numbers. */
const STATES: Record<string, number> = {
  starting: MIXER_STATE.starting,
  running: MIXER_STATE.running,
  no_capacity: MIXER_STATE.starting,
  failed: MIXER_STATE.error,
};

/** What recordings do. */
const OUTPUTS: Record<string, number> = {
  'record.part': OUTPUT_STATE.updated,
  'record.ended': OUTPUT_STATE.closed,
  'record.failed': OUTPUT_STATE.error,
};

const offset = () => -new Date().getTimezoneOffset();

export class Mixers implements Part {
  private known = new Map<string, Entry>();
  /** Mixers by their recordings, also of mixers that are gone: their last words come later. */
  private readonly files = new Map<string, string>();
  /** What is known of recordings: their newest file, and all parts so far. */
  private readonly told = new Map<string, { path: string; duration: number; size: number }>();

  constructor(private readonly desk: Desk) {}

  opened(client: Client): void {
    client.on('event', (event) => {
      if (event.event.startsWith('record.') && event.room === this.desk.room?.id) {
        const { recording, part } = event as { recording?: Recording; part?: RecordingPart };
        if (recording) this.recorded(event.event, recording, part);
      }
    });
  }

  entered(room: Room): void {
    this.left();
    for (const [key, text] of Object.entries(room.attributes)) {
      const [id, entry] = [idOf(key), read(text)];
      if (id === null || !entry) continue;
      this.known.set(id, entry);
      for (const recording of entry.recordings) this.files.set(recording, id);
    }
    room.on('attribute_set', ({ key, value }) => {
      const [id, entry] = [idOf(key), read(value)];
      const isNews = id !== null && entry && entry.seq > (this.known.get(id)?.seq ?? -1);
      if (isNews) this.changed(id, entry);
    });
    room.on('attribute_deleted', ({ key }) => {
      const id = idOf(key);
      const entry = id === null ? undefined : this.known.get(id);
      if (id === null || !entry) return;
      this.known.delete(id);
      const { notices } = this.desk;
      notices.fire('CloudMixerStateChanged', id, MIXER_STATE.none, { err: 0, errDesc: '' }, entry.owner);
      if (entry.pushes.length > 0) notices.fire('CloudMixerOutputInfoChanged', id, output(id, OUTPUT_STATE.closed));
    });
    room.on('mix_status', ({ state }) => {
      const own = [...this.known].find(([, { kind, owner }]) => kind === 'mix' && owner === room.me.account);
      const now = STATES[state];
      if (own && now !== undefined && own[1].state !== now) void this.publish(room, own[0], { ...own[1], state: now });
    });
  }

  left(): void {
    this.known.clear();
    this.files.clear();
    this.told.clear();
  }

  all(): MixerInfo[] {
    return [...this.known].map(([ID, { owner, cfg, state }]) => ({ ID, owner, cfg, state }));
  }

  one(id: unknown): MixerInfo | undefined {
    return this.all().find(({ ID }) => ID === id);
  }

  /** Its id, at once; how it goes is told. */
  create(cfg: unknown): string {
    const id = `${Date.now().toString(36)}${Math.floor(Math.random() * 36 ** 4).toString(36)}`;
    void (async () => {
      try {
        await Promise.resolve();
        await this.start(here(this.desk), id, cfg as Cfg);
      } catch (thrown) {
        this.desk.notices.fire('CreateCloudMixerFailed', id, sdkErr(thrown));
      }
    })();
    return id;
  }

  async update(id: unknown, cfg: unknown): Promise<{ errCode: number }> {
    try {
      const room = here(this.desk);
      const entry = this.find(id);
      if (entry.kind !== 'mix' || typeof cfg !== 'object' || cfg === null) throw ERR.parameter;
      await room.mix.update({ cloudroom: cfg as Record<string, unknown>, offset_minutes: offset() });
      await this.publish(room, String(id), { ...entry, rev: entry.rev + 1, cfg: mergedCfg(entry.cfg, withoutSecrets(cfg)) });
      return { errCode: 0 };
    } catch (thrown) {
      throw rejection(thrown);
    }
  }

  async destroy(id: unknown): Promise<{ errCode: number }> {
    try {
      const room = here(this.desk);
      const { kind, pushes, recordings } = this.find(id);
      for (const recording of recordings) await room.recordings.stop(recording).catch(() => undefined);
      for (const push of pushes) await room.pushes.remove(push).catch(() => undefined);
      if (kind === 'mix') await room.mix.stop();
      await room.deleteAttribute(keyOf(String(id)));
      return { errCode: 0 };
    } catch (thrown) {
      throw rejection(thrown);
    }
  }

  private async start(room: Room, id: string, cfg: Cfg): Promise<void> {
    if (typeof cfg !== 'object' || cfg === null) throw ERR.parameter;
    const kind = cfg.mode === 1 ? 'streams' : 'mix';
    if (kind === 'mix' && [...this.known.values()].some((other) => other.kind === 'mix')) throw ERR.recordOn;
    const { pushes, files } = outputsOf((cfg.videoFileCfg ?? cfg.audioFileCfg)?.['svrPathName']);
    const entry: Entry = {
      owner: room.me.account,
      state: MIXER_STATE.starting,
      rev: 0,
      seq: 0,
      cfg: withoutSecrets(cfg),
      kind,
      pushes: [],
      recordings: [],
    };
    if (kind === 'mix') await room.mix.start(cfg.videoFileCfg ? { cloudroom: { ...cfg }, offset_minutes: offset() } : { preset: 'audio_only' });
    try {
      for (const url of pushes) entry.pushes.push((await room.pushes.add({ url })).id);
      const sound = !cfg.videoFileCfg;
      const formats = kind === 'mix' ? [...new Set(files.map(formatOf))] : [suffix(cfg)];
      for (const format of formats) {
        const started = await room.recordings.start({ what: kind, format, audio_only: sound });
        entry.recordings.push(...started.map((recording) => recording.id));
      }
    } catch (thrown) {
      if (kind === 'mix') await room.mix.stop().catch(() => undefined);
      for (const push of entry.pushes) await room.pushes.remove(push).catch(() => undefined);
      throw thrown;
    }
    await this.publish(room, id, entry);
    const status = kind === 'mix' ? (await room.mix.show()).status?.state : 'running';
    const state = STATES[status ?? 'starting'] ?? MIXER_STATE.starting;
    const now = this.known.get(id);
    if (now && now.state !== state) await this.publish(room, id, { ...now, state });
  }

  private async publish(room: Room, id: string, entry: Entry): Promise<void> {
    const next = { ...entry, seq: (this.known.get(id)?.seq ?? -1) + 1 };
    // Known before the gateway says so, so that what follows builds on it.
    this.changed(id, next);
    await room.setAttribute(keyOf(id), write(next));
  }

  private changed(id: string, entry: Entry): void {
    const { notices } = this.desk;
    const was = this.known.get(id);
    this.known.set(id, entry);
    const extra = entry.state === MIXER_STATE.running ? entry.cfg : { err: 0, errDesc: '' };
    if (was?.state !== entry.state) notices.fire('CloudMixerStateChanged', id, entry.state, extra, entry.owner);
    if (was && was.rev !== entry.rev) notices.fire('CloudMixerInfoChanged', id);
    for (const recording of entry.recordings) {
      if (this.files.has(recording)) continue;
      this.files.set(recording, id);
      notices.fire('CloudMixerOutputInfoChanged', id, output(recording, OUTPUT_STATE.created));
    }
  }

  private recorded(name: string, recording: Recording, part: RecordingPart | undefined): void {
    const mixer = this.files.get(recording.id);
    const state = OUTPUTS[name];
    if (mixer === undefined || state === undefined) return;
    const soFar = this.told.get(recording.id) ?? { path: '', duration: 0, size: 0 };
    if (part) {
      soFar.path = part.files[0]?.path ?? soFar.path;
      soFar.duration += part.duration_ms;
      soFar.size += part.bytes;
    }
    this.told.set(recording.id, soFar);
    this.desk.notices.fire('CloudMixerOutputInfoChanged', mixer, {
      ...output(recording.id, state),
      svrFilePathName: soFar.path,
      startTime: recording.started_at,
      duration: soFar.duration,
      fileSize: soFar.size,
      errCode: state === OUTPUT_STATE.error ? ERR.recordFile : 0,
      errDesc: recording.error ?? '',
    });
  }

  private find(id: unknown): Entry {
    const entry = this.known.get(String(id));
    if (!entry) throw ERR.parameter;
    return entry;
  }
}

function output(id: string, state: number): object {
  return { id, state, svrFilePathName: '', startTime: 0, duration: 0, fileSize: 0, errCode: 0, errDesc: '' };
}

function suffix({ videoFileCfg, audioFileCfg }: Cfg): 'mp4' | 'flv' | 'hls' {
  const file = videoFileCfg ?? audioFileCfg;
  return formatOf(String(file?.['svrFileNameSuffix'] ?? file?.['svrPathName'] ?? '.mp4'));
}

function mergedCfg(old: object, now: object): object {
  const [was, is] = [old as Cfg, now as Cfg];
  return { ...was, ...is, videoFileCfg: { ...was.videoFileCfg, ...is.videoFileCfg } };
}
