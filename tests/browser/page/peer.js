// One peer connection: what it sends, what it plays, what its statistics say.
import { wall } from './look.js';
import { spoil } from './spoil.js';

const LIMIT_MS = 15_000;

/** Fails after the time limit. */
export function within(what, promise, ms = LIMIT_MS) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Puts these codecs first, or lets only them in; `mimes` as in 'H264' or 'VP8'. */
function prefer(transceiver, kind, mimes, only) {
  if (!mimes) return;
  const side = only === 'receive' ? RTCRtpReceiver : RTCRtpSender;
  const { codecs } = side.getCapabilities(kind);
  const is = (codec, name) => codec.mimeType.toLowerCase() === `${kind}/${name}`.toLowerCase();
  const chosen = mimes.flatMap((name) => codecs.filter((codec) => is(codec, name)));
  const repair = codecs.filter((codec) => is(codec, 'rtx'));
  transceiver.setCodecPreferences([...chosen, ...repair]);
}

export class Peer {
  senders = {};
  sources = [];
  /** By stream. Each track has an element of its own: one for both is silent until its first picture. */
  videos = new Map();
  audios = new Map();
  lines = [];
  firstFrame = null;

  /** `how` is what `RTCPeerConnection` takes, such as `iceServers`. */
  constructor(name, how = {}) {
    this.name = name;
    this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle', ...how });
    this.states = [];
    this.pc.addEventListener('connectionstatechange', () => {
      this.states.push({ at: wall(), state: this.pc.connectionState });
    });
    this.pc.addEventListener('track', (event) => this.play(event));
  }

  /** Adds lines that send a source's tracks; `simulcast` gives three layers. */
  send(source, stream, { videoCodecs, audioCodecs, simulcast, maxBitrate, mangle }) {
    this.sources.push(source);
    const senders = (this.senders[stream] = {});
    // One stream for both, so that the far end keeps them together.
    const together = new MediaStream();
    for (const kind of ['audio', 'video']) {
      if (!source[kind]) continue;
      const layers = [
        { rid: 'q', scaleResolutionDownBy: 4 },
        { rid: 'h', scaleResolutionDownBy: 2 },
        { rid: 'f' },
      ];
      const init = { direction: 'sendonly', streams: [together] };
      if (kind === 'video' && simulcast) init.sendEncodings = layers;
      else if (kind === 'video' && maxBitrate) init.sendEncodings = [{ maxBitrate }];
      const transceiver = this.pc.addTransceiver(source[kind], init);
      prefer(transceiver, kind, kind === 'video' ? videoCodecs : audioCodecs ?? ['opus'], 'send');
      senders[kind] = transceiver.sender;
      if (mangle) spoil(transceiver.sender, kind, mangle);
      this.lines.push({ transceiver, stream, kind });
    }
  }

  /** Adds lines that receive a stream. */
  receive(stream, { video = true, audio = true, videoCodecs }) {
    for (const kind of ['audio', 'video']) {
      if (!(kind === 'video' ? video : audio)) continue;
      const transceiver = this.pc.addTransceiver(kind, { direction: 'recvonly' });
      if (kind === 'video') prefer(transceiver, kind, videoCodecs, 'receive');
      this.lines.push({ transceiver, stream, kind });
    }
  }

  /** Stops the lines of a stream, to be taken back by the next offer. */
  take(stream) {
    for (const line of this.lines.filter((line) => line.stream === stream)) line.transceiver.direction = 'inactive';
    this.lines = this.lines.filter((line) => line.stream !== stream);
    for (const elements of [this.videos, this.audios]) {
      elements.get(stream)?.remove();
      elements.delete(stream);
    }
  }

  play({ transceiver, track }) {
    const stream = this.lines.find((line) => line.transceiver === transceiver)?.stream ?? '';
    const element = document.createElement(track.kind);
    Object.assign(element, { autoplay: true, playsInline: true, srcObject: new MediaStream([track]) });
    Object.assign(element.dataset, { peer: this.name, stream });
    document.body.append(element);
    const elements = track.kind === 'video' ? this.videos : this.audios;
    elements.get(stream)?.remove();
    elements.set(stream, element);
    if (track.kind === 'audio') return;
    element.requestVideoFrameCallback((_now, { presentationTime }) => {
      this.firstFrame ??= presentationTime;
    });
  }

  /** The offer, and the answer that `ask` gives for it. */
  async negotiate(ask, changeOffer = (sdp) => sdp, changeAnswer = (sdp) => sdp) {
    await this.pc.setLocalDescription();
    const { sdp, ...rest } = await within('an answer', ask(changeOffer(this.pc.localDescription.sdp)));
    this.answered = performance.now();
    await this.pc.setRemoteDescription({ type: 'answer', sdp: changeAnswer(sdp) });
    if (!this.hearing) this.hearGoodbye();
    this.hearing = true;
    return rest;
  }

  connected() {
    const up = () => this.pc.connectionState === 'connected';
    const fail = () => this.pc.connectionState === 'failed';
    return within(
      `${this.name} connects`,
      new Promise((done, failed) => {
        const look = () => (up() ? done() : fail() && failed(new Error('the connection failed')));
        this.pc.addEventListener('connectionstatechange', look);
        look();
      }),
    );
  }

  /** Milliseconds from the answer to the first picture. */
  async firstPicture(ms) {
    const seen = async () => {
      while (this.firstFrame === null) await new Promise((done) => setTimeout(done, 5));
    };
    await within('a picture', seen(), ms);
    return this.firstFrame - this.answered;
  }

  /** Notes when the other side says goodbye: a DTLS alert, which is no change of the connection's state. */
  hearGoodbye() {
    const transport = this.pc.getTransceivers()[0]?.sender.transport;
    transport?.addEventListener('statechange', () => {
      if (transport.state === 'closed') this.states.push({ at: wall(), state: 'goodbye' });
    });
  }

  streamOf(mid) {
    return this.lines.find((line) => line.transceiver.mid === mid)?.stream ?? null;
  }

  async stats() {
    const report = await this.pc.getStats();
    const all = [...report.values()];
    const tidy = (entry) => ({
      ...entry,
      codec: report.get(entry.codecId)?.mimeType ?? null,
      fmtp: report.get(entry.codecId)?.sdpFmtpLine ?? null,
      stream: this.streamOf(entry.mid),
    });
    const of = (type) => all.filter((entry) => entry.type === type);
    const pair = all.find((entry) => entry.type === 'candidate-pair' && entry.nominated && entry.state === 'succeeded');
    return {
      state: this.pc.connectionState,
      states: this.states,
      inbound: of('inbound-rtp').map(tidy),
      outbound: of('outbound-rtp').map(tidy),
      reports: of('remote-inbound-rtp'),
      senders: of('remote-outbound-rtp'),
      pair: pair ?? null,
      relayed: report.get(pair?.localCandidateId)?.candidateType === 'relay',
      protocol: report.get(pair?.remoteCandidateId)?.protocol ?? null,
    };
  }

  close() {
    this.sources.forEach((source) => source.stop());
    this.pc.close();
    for (const elements of [this.videos, this.audios]) elements.forEach((element) => element.remove());
  }
}
