/** Figures of a connection's media, from two readings of its statistics (W3C webrtc-stats). */

/** One entry of a report. */
export type Row = Record<string, unknown>;

/** Lines of one stream in the connection. */
export interface Mids {
  audio: string | null | undefined;
  video: string | null | undefined;
}

/** Figures that need two readings are `null` after the first. */
export interface ReceivedAudio {
  codec: string | null;
  kbps: number | null;
  /** Part of the packets that never came, 0 to 1. */
  loss: number | null;
  /** How long media waits for late packets. */
  bufferMs: number | null;
  /** Part of the sound that was made up, 0 to 1. */
  concealed: number | null;
}

export interface ReceivedVideo extends Omit<ReceivedAudio, 'concealed'> {
  width: number;
  height: number;
  fps: number;
  /** Since the beginning. */
  freezes: number;
  frozenMs: number;
}

export interface ReceiveFigures {
  rttMs: number | null;
  audio: ReceivedAudio | null;
  video: ReceivedVideo | null;
}

export interface SentAudio {
  codec: string | null;
  kbps: number | null;
  /** As the gateway reports it, 0 to 1. */
  loss: number | null;
}

/** Of the largest layer; the bit rate is that of all layers. */
export interface SentVideo extends SentAudio {
  width: number;
  height: number;
  fps: number;
  layers: number;
  /** What keeps the picture small: `cpu`, `bandwidth` or nothing. */
  limited: string | null;
}

export interface SendFigures {
  rttMs: number | null;
  /** What the connection is believed to carry. */
  availableKbps: number | null;
  audio: SentAudio | null;
  video: SentVideo | null;
}

/** Figures of a received stream. */
export class Receiving {
  private before = new Map<string, Row>();

  next(rows: Row[], mids: Mids): ReceiveFigures {
    const of = (kind: keyof Mids) => rows.find((row) => row['type'] === 'inbound-rtp' && row['mid'] === mids[kind]);
    const [audio, video] = [of('audio'), of('video')];
    const figures = {
      rttMs: roundTrip(rows),
      audio: audio && number(audio, 'packetsReceived') > 0 ? this.audio(rows, audio) : null,
      video: video && number(video, 'packetsReceived') > 0 ? this.video(rows, video) : null,
    };
    this.before = byId([audio, video]);
    return figures;
  }

  private audio(rows: Row[], row: Row): ReceivedAudio {
    const since = this.since(row);
    const samples = since('totalSamplesReceived');
    return { ...common(rows, row, since), concealed: samples ? (since('concealedSamples') ?? 0) / samples : null };
  }

  private video(rows: Row[], row: Row): ReceivedVideo {
    return {
      ...common(rows, row, this.since(row)),
      width: number(row, 'frameWidth'),
      height: number(row, 'frameHeight'),
      fps: number(row, 'framesPerSecond'),
      freezes: number(row, 'freezeCount'),
      frozenMs: number(row, 'totalFreezesDuration') * 1000,
    };
  }

  private since(row: Row): Since {
    return since(row, this.before.get(String(row['id'])));
  }
}

/** Figures of a sent stream. */
export class Sending {
  private before = new Map<string, Row>();

  next(rows: Row[], mids: Mids): SendFigures {
    const of = (kind: keyof Mids) => rows.filter((row) => row['type'] === 'outbound-rtp' && row['mid'] === mids[kind]);
    const [audio, video] = [of('audio'), of('video')];
    const available = pair(rows)?.['availableOutgoingBitrate'];
    const figures = {
      rttMs: roundTrip(rows),
      availableKbps: typeof available === 'number' ? available / 1000 : null,
      audio: audio[0] ? this.sent(rows, audio) : null,
      video: video[0] ? this.video(rows, video) : null,
    };
    this.before = byId([...audio, ...video]);
    return figures;
  }

  private video(rows: Row[], sent: Row[]): SentVideo {
    const largest = sent.reduce((a, b) => (number(b, 'frameWidth') > number(a, 'frameWidth') ? b : a));
    const limited = largest['qualityLimitationReason'];
    return {
      ...this.sent(rows, sent),
      width: number(largest, 'frameWidth'),
      height: number(largest, 'frameHeight'),
      fps: number(largest, 'framesPerSecond'),
      layers: sent.filter((row) => row['active'] !== false).length,
      limited: typeof limited === 'string' && limited !== 'none' ? limited : null,
    };
  }

  private sent(rows: Row[], sent: Row[]): SentAudio {
    const rates = sent.map((row) => kbps(since(row, this.before.get(String(row['id']))), 'bytesSent'));
    const remote = sent.map((row) => rows.find(({ id }) => id === row['remoteId'])?.['fractionLost']);
    const losses = remote.filter((loss) => typeof loss === 'number');
    return {
      codec: codecOf(rows, sent[0]),
      kbps: rates.includes(null) ? null : rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0),
      loss: losses.length > 0 ? Math.max(...losses) : null,
    };
  }
}

/** How much a counter grew between the readings; for `timestamp`, milliseconds. */
type Since = (key: string) => number | null;

function since(row: Row, before: Row | undefined): Since {
  return (key) => (before ? Math.max(0, number(row, key) - number(before, key)) : null);
}

function common(rows: Row[], row: Row, grown: Since) {
  const [received, lost] = [grown('packetsReceived'), grown('packetsLost')];
  const [delay, emitted] = [grown('jitterBufferDelay'), grown('jitterBufferEmittedCount')];
  return {
    codec: codecOf(rows, row),
    kbps: kbps(grown, 'bytesReceived'),
    loss: received === null || lost === null || received + lost === 0 ? null : lost / (received + lost),
    bufferMs: delay === null || !emitted ? null : (delay / emitted) * 1000,
  };
}

function kbps(grown: Since, key: string): number | null {
  const [bytes, ms] = [grown(key), grown('timestamp')];
  return bytes === null || !ms ? null : (bytes * 8) / ms;
}

/** The way that media takes now. */
function pair(rows: Row[]): Row | undefined {
  const transport = rows.find((row) => row['type'] === 'transport' && row['selectedCandidatePairId']);
  const pairs = rows.filter((row) => row['type'] === 'candidate-pair');
  return transport
    ? pairs.find(({ id }) => id === transport['selectedCandidatePairId'])
    : pairs.find((row) => row['nominated'] === true && row['state'] === 'succeeded');
}

function roundTrip(rows: Row[]): number | null {
  const seconds = pair(rows)?.['currentRoundTripTime'];
  return typeof seconds === 'number' ? seconds * 1000 : null;
}

function codecOf(rows: Row[], row: Row | undefined): string | null {
  const type = rows.find(({ id }) => id === row?.['codecId'])?.['mimeType'];
  return typeof type === 'string' ? (type.split('/')[1] ?? null) : null;
}

function number(row: Row, key: string): number {
  const value = row[key];
  return typeof value === 'number' ? value : 0;
}

function byId(rows: (Row | undefined)[]): Map<string, Row> {
  return new Map(rows.flatMap((row) => (row ? [[String(row['id']), row]] : [])));
}
