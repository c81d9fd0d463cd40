/** Figures of a connection's media, from two readings of its statistics (W3C webrtc-stats). */
import type { ReceiveAudioStats, ReceiveStats, ReceiveVideoStats, SendAudioStats, SendStats, SendVideoStats } from '../types/media';

/** One entry of a report. */
export type Row = Record<string, unknown>;

/** Lines of one stream in the connection. */
export interface Mids {
  audio: string | null | undefined;
  video: string | null | undefined;
}

/** Figures of a received stream. */
export class Receiving {
  private before: Readings = new Map();

  next(rows: Row[], mids: Mids): ReceiveStats {
    const of = (kind: keyof Mids) =>
      rows.find((row) => row['type'] === 'inbound-rtp' && row['mid'] === mids[kind] && number(row, 'packetsReceived') > 0);
    const [audio, video] = [of('audio'), of('video')];
    const jittery = video ?? audio;
    const stats = {
      audio: audio ? this.audio(rows, audio) : null,
      video: video ? this.video(rows, video) : null,
      roundTripMs: milliseconds(pathOf(rows), 'currentRoundTripTime'),
      jitterMs: jittery ? number(jittery, 'jitter') * 1000 : null,
    };
    this.before = readings([audio, video]);
    return stats;
  }

  private audio(rows: Row[], row: Row): ReceiveAudioStats {
    const samples = growth(row, this.before, 'totalSamplesReceived');
    const level = row['audioLevel'];
    return {
      ...this.arrival(rows, row),
      concealed: samples > 0 ? growth(row, this.before, 'concealedSamples') / samples : 0,
      level: typeof level === 'number' ? level : null,
    };
  }

  private video(rows: Row[], row: Row): ReceiveVideoStats {
    return {
      ...this.arrival(rows, row),
      ...pictureOf(row),
      frames: number(row, 'framesDecoded'),
      freezes: number(row, 'freezeCount'),
      frozenMs: number(row, 'totalFreezesDuration') * 1000,
    };
  }

  private arrival(rows: Row[], row: Row) {
    const grown = (key: string) => growth(row, this.before, key);
    const [received, lost] = [grown('packetsReceived'), grown('packetsLost')];
    const emitted = grown('jitterBufferEmittedCount');
    return {
      bitrate: rate(row, this.before, 'bytesReceived'),
      codec: codecOf(rows, row),
      lost,
      loss: received + lost > 0 ? lost / (received + lost) : null,
      bufferMs: emitted > 0 ? (grown('jitterBufferDelay') / emitted) * 1000 : null,
    };
  }
}

/** Figures of a sent stream. */
export class Sending {
  private before: Readings = new Map();

  next(rows: Row[], mids: Mids): SendStats {
    const of = (kind: keyof Mids) => rows.filter((row) => row['type'] === 'outbound-rtp' && row['mid'] === mids[kind]);
    const [audio, video] = [of('audio'), of('video')];
    const path = pathOf(rows);
    const available = path?.['availableOutgoingBitrate'];
    const stats = {
      audio: audio[0] ? this.sent(rows, audio, audio[0]) : null,
      video: video[0] ? this.video(rows, video, video[0]) : null,
      roundTripMs: milliseconds(path, 'currentRoundTripTime'),
      loss: lossOf(rows, [...audio, ...video]),
      availableBitrate: typeof available === 'number' ? available : null,
    };
    this.before = readings([...audio, ...video]);
    return stats;
  }

  private video(rows: Row[], sent: Row[], first: Row): SendVideoStats {
    const largest = sent.reduce((a, b) => (number(b, 'frameWidth') > number(a, 'frameWidth') ? b : a), first);
    const limited = largest['qualityLimitationReason'];
    return {
      ...this.sent(rows, sent, largest),
      ...pictureOf(largest),
      layers: sent.filter((row) => row['active'] !== false).length,
      limitedBy: typeof limited === 'string' && limited !== 'none' ? limited : null,
    };
  }

  private sent(rows: Row[], sent: Row[], main: Row): SendAudioStats {
    return {
      bitrate: sent.reduce((total, row) => total + rate(row, this.before, 'bytesSent'), 0),
      codec: codecOf(rows, main),
      loss: lossOf(rows, sent),
    };
  }
}

/** The reading before, by the entries' ids. */
type Readings = Map<string, Row>;

function readings(rows: (Row | undefined)[]): Readings {
  return new Map(rows.flatMap((row) => (row ? [[String(row['id']), row]] : [])));
}

/** How much a counter grew since the reading before; 0 without one, and for counters that began again. */
function growth(row: Row, before: Readings, key: string): number {
  const earlier = before.get(String(row['id']));
  return earlier ? Math.max(0, number(row, key) - number(earlier, key)) : 0;
}

/** Bits per second. */
function rate(row: Row, before: Readings, key: string): number {
  const ms = growth(row, before, 'timestamp');
  return ms > 0 ? (growth(row, before, key) * 8000) / ms : 0;
}

/** The largest share that the gateway misses of one of these. */
function lossOf(rows: Row[], sent: Row[]): number | null {
  const losses = sent.flatMap((row) => {
    const loss = rows.find(({ id }) => id === row['remoteId'])?.['fractionLost'];
    return typeof loss === 'number' ? [loss] : [];
  });
  return losses.length > 0 ? Math.max(...losses) : null;
}

/** The way that media takes now. */
function pathOf(rows: Row[]): Row | undefined {
  const transport = rows.find((row) => row['type'] === 'transport' && row['selectedCandidatePairId']);
  const pairs = rows.filter((row) => row['type'] === 'candidate-pair');
  return transport
    ? pairs.find(({ id }) => id === transport['selectedCandidatePairId'])
    : pairs.find((row) => row['nominated'] === true && row['state'] === 'succeeded');
}

function pictureOf(row: Row): { width: number; height: number; fps: number } {
  return { width: number(row, 'frameWidth'), height: number(row, 'frameHeight'), fps: number(row, 'framesPerSecond') };
}

function codecOf(rows: Row[], row: Row): string | null {
  const type = rows.find(({ id }) => id === row['codecId'])?.['mimeType'];
  return typeof type === 'string' ? (type.split('/')[1] ?? null) : null;
}

function milliseconds(row: Row | undefined, key: string): number | null {
  const seconds = row?.[key];
  return typeof seconds === 'number' ? seconds * 1000 : null;
}

function number(row: Row, key: string): number {
  const value = row[key];
  return typeof value === 'number' ? value : 0;
}
