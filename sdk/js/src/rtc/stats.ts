/** Figures of a connection's media, from two readings of its statistics (W3C webrtc-stats). */
import type { ReceiveStats, SendStats } from '../types/media';

type Row = Record<string, unknown>;

/** Lines of one stream in the connection. */
interface Mids {
  audio: string | null | undefined;
  video: string | null | undefined;
}

/** Figures of a received stream. */
export class Receiving {
  private before = new Map<string, Row>();

  next(rows: Row[], mids: Mids): ReceiveStats {
    const of = (kind: keyof Mids) =>
      rows.find((row) => row['type'] === 'inbound-rtp' && row['mid'] === mids[kind] && number(row, 'packetsReceived') > 0);
    const [audio, video] = [of('audio'), of('video')];
    const grown = (row: Row, key: string) => growth(row, this.before.get(String(row['id'])), key);
    const samples = audio ? grown(audio, 'totalSamplesReceived') : 0;
    const buffered = video ?? audio;
    const stats: ReceiveStats = {
      audio: audio
        ? {
            bitrate: rate(audio, this.before, 'bytesReceived'),
            lost: grown(audio, 'packetsLost'),
            concealed: samples > 0 ? grown(audio, 'concealedSamples') / samples : 0,
            level: typeof audio['audioLevel'] === 'number' ? audio['audioLevel'] : null,
          }
        : null,
      video: video
        ? {
            bitrate: rate(video, this.before, 'bytesReceived'),
            lost: grown(video, 'packetsLost'),
            width: number(video, 'frameWidth'),
            height: number(video, 'frameHeight'),
            fps: number(video, 'framesPerSecond'),
            frames: number(video, 'framesDecoded'),
            freezes: number(video, 'freezeCount'),
            codec: codecOf(rows, video),
          }
        : null,
      roundTripMs: roundTrip(rows),
      jitterMs: buffered ? number(buffered, 'jitter') * 1000 : null,
    };
    this.before = byId([audio, video]);
    return stats;
  }
}

/** Figures of a sent stream. */
export class Sending {
  private before = new Map<string, Row>();

  next(rows: Row[], mids: Mids): SendStats {
    const of = (kind: keyof Mids) => rows.filter((row) => row['type'] === 'outbound-rtp' && row['mid'] === mids[kind]);
    const [audio, video] = [of('audio'), of('video')];
    const [first, ...others] = video;
    const largest = first && others.reduce((a, b) => (number(b, 'frameWidth') > number(a, 'frameWidth') ? b : a), first);
    const limited = largest?.['qualityLimitationReason'];
    const sum = (sent: Row[]) => sent.reduce((total, row) => total + rate(row, this.before, 'bytesSent'), 0);
    const losses = [...audio, ...video].flatMap((row) => {
      const loss = rows.find(({ id }) => id === row['remoteId'])?.['fractionLost'];
      return typeof loss === 'number' ? [loss] : [];
    });
    const stats: SendStats = {
      audio: audio.length > 0 ? { bitrate: sum(audio) } : null,
      video: largest
        ? {
            bitrate: sum(video),
            width: number(largest, 'frameWidth'),
            height: number(largest, 'frameHeight'),
            fps: number(largest, 'framesPerSecond'),
            codec: codecOf(rows, largest),
            limitedBy: typeof limited === 'string' && limited !== 'none' ? limited : null,
          }
        : null,
      roundTripMs: roundTrip(rows),
      loss: losses.length > 0 ? Math.max(...losses) : null,
    };
    this.before = byId([...audio, ...video]);
    return stats;
  }
}

/** How much a counter grew since the reading before. */
function growth(row: Row, before: Row | undefined, key: string): number {
  return before ? Math.max(0, number(row, key) - number(before, key)) : 0;
}

/** Bits per second. */
function rate(row: Row, readings: Map<string, Row>, key: string): number {
  const before = readings.get(String(row['id']));
  const ms = growth(row, before, 'timestamp');
  return ms > 0 ? (growth(row, before, key) * 8000) / ms : 0;
}

/** The round trip of the way that media takes now. */
function roundTrip(rows: Row[]): number | null {
  const transport = rows.find((row) => row['type'] === 'transport' && row['selectedCandidatePairId']);
  const pairs = rows.filter((row) => row['type'] === 'candidate-pair');
  const pair = transport
    ? pairs.find(({ id }) => id === transport['selectedCandidatePairId'])
    : pairs.find((row) => row['nominated'] === true && row['state'] === 'succeeded');
  const seconds = pair?.['currentRoundTripTime'];
  return typeof seconds === 'number' ? seconds * 1000 : null;
}

function codecOf(rows: Row[], row: Row): string | null {
  const type = rows.find(({ id }) => id === row['codecId'])?.['mimeType'];
  return typeof type === 'string' ? (type.split('/')[1] ?? null) : null;
}

function number(row: Row, key: string): number {
  const value = row[key];
  return typeof value === 'number' ? value : 0;
}

function byId(rows: (Row | undefined)[]): Map<string, Row> {
  return new Map(rows.flatMap((row) => (row ? [[String(row['id']), row]] : [])));
}
