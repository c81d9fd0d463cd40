// Media to publish: the made-up devices of the browser, or pictures and sounds made here.
import { draw } from './code.js';

const FLASH = 0.08;

/**
 * Opens what is asked for: {video: 'camera'|'screen'|'pattern'|'marks'|null, audio: 'mic'|'marks'|'tone'|'voice'|null, width,
 * height, fps, busy}; a busy pattern takes all the bits it can get. Gives {video, audio, change, stop} with tracks that may be null.
 */
export async function open({ video = null, audio = null, width = 640, height = 480, fps = 25, busy = false }) {
  const closers = [];
  const source = { video: null, audio: null, change: () => undefined, stop: () => closers.forEach((close) => close()) };
  if (video === 'camera' || audio === 'mic') {
    const wish = {
      video: video === 'camera' && { width, height, frameRate: fps },
      audio: audio === 'mic' && { echoCancellation: false, autoGainControl: false, noiseSuppression: false },
    };
    const stream = await navigator.mediaDevices.getUserMedia(wish);
    [source.video = null] = stream.getVideoTracks();
    [source.audio = null] = stream.getAudioTracks();
    closers.push(() => stream.getTracks().forEach((track) => track.stop()));
  }
  if (video === 'screen') {
    const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: fps }, preferCurrentTab: true });
    [source.video] = stream.getVideoTracks();
    closers.push(() => source.video.stop());
  }
  const made = ['marks', 'tone', 'voice'].includes(audio);
  const needsClock = made || video === 'marks';
  const clock = needsClock ? new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' }) : null;
  if (clock) closers.push(() => void clock.close());
  if (made) source.audio = sound(clock, audio);
  if (video === 'pattern' || video === 'marks') {
    const pictures = new Pictures({ width, height, fps, busy, clock: video === 'marks' ? clock : null });
    source.video = pictures.track;
    source.change = (how) => pictures.change(how);
    closers.push(() => pictures.stop());
  }
  return source;
}

/**
 * A tone of 1 kHz: always, 80 ms at each full second of the context's clock, or lower and with the syllables of a voice.
 */
function sound(context, how) {
  const beeps = how === 'marks';
  const tone = new OscillatorNode(context, { frequency: how === 'voice' ? 400 : 1_000 });
  const gain = new GainNode(context, { gain: beeps ? 0 : 0.3 });
  const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
  tone.connect(gain).connect(out);
  tone.start();
  if (how === 'voice') {
    const syllables = new OscillatorNode(context, { frequency: 3 });
    syllables.connect(new GainNode(context, { gain: 0.28 })).connect(gain.gain);
    syllables.start();
  }
  if (beeps) {
    for (let second = 1; second < 600; second += 1) {
      gain.gain.setValueAtTime(0.8, second);
      gain.gain.setValueAtTime(0, second + FLASH);
    }
  }
  return out.stream.getAudioTracks()[0];
}

/**
 * Four fields of colour (red, green above blue, yellow), or with a clock a dark picture that shows the time in
 * milliseconds as a code and flashes at each full second of the clock.
 */
class Pictures {
  constructor({ width, height, fps, busy, clock }) {
    this.busy = busy;
    this.canvas = new OffscreenCanvas(width, height);
    this.context = this.canvas.getContext('2d', { alpha: false, willReadFrequently: true });
    this.rotation = 0;
    this.fps = fps;
    this.clock = clock;
    this.drawn = 0;
    this.ahead = [];
    this.track = new MediaStreamTrackGenerator({ kind: 'video' });
    this.writer = this.track.writable.getWriter();
    this.stopped = false;
    void this.run();
  }

  change({ width, height, rotation, fps }) {
    if (width) this.canvas.width = width;
    if (height) this.canvas.height = height;
    if (rotation !== undefined) this.rotation = rotation;
    if (fps) this.fps = fps;
  }

  stop() {
    this.stopped = true;
    this.track.stop();
  }

  async run() {
    while (!this.stopped) {
      this.draw();
      const frame = new VideoFrame(this.canvas, { timestamp: performance.now() * 1_000, rotation: this.rotation });
      await this.writer.write(frame).catch(() => this.stop());
      await new Promise((done) => setTimeout(done, this.wait()));
    }
  }

  /** Seconds of the audio clock. That one moves in steps: its newest distance to ours is the largest lately seen. */
  now() {
    const now = performance.now() / 1_000;
    if (!this.clock) return now;
    this.ahead.push(this.clock.currentTime - now);
    if (this.ahead.length > 100) this.ahead.shift();
    return now + Math.max(...this.ahead);
  }

  /** Milliseconds until the next picture, whose time is a whole number of intervals of the clock. */
  wait() {
    const now = this.now();
    const next = (Math.floor(now * this.fps + 0.1) + 1) / this.fps;
    return Math.max(1, (next - now) * 1_000);
  }

  draw() {
    const { context, canvas } = this;
    const { width, height } = canvas;
    if (this.clock) {
      const now = this.now() + 0.002;
      const flash = now > 1 && now % 1 < FLASH;
      context.fillStyle = flash ? '#fff' : '#000';
      context.fillRect(0, 0, width, height);
      draw(context, Math.floor(performance.timeOrigin + performance.now()) & 0xffff, width, height);
      return;
    }
    this.drawn += 1;
    const fields = ['#f00', '#0f0', '#00f', '#ff0'];
    fields.forEach((colour, n) => {
      context.fillStyle = colour;
      context.fillRect((n % 2) * (width / 2), n < 2 ? 0 : height / 2, width / 2, height / 2);
    });
    for (let n = 0; this.busy && n < 1_000; n += 1) {
      context.fillStyle = `hsl(${(n * 77) % 360} 50% ${(this.drawn * 31 + n * 13) % 100}%)`;
      context.fillRect(((n % 40) * width) / 40, (Math.floor(n / 40) * height) / 25, width / 50, height / 30);
    }
    // Something moves, so that there is something to code.
    context.fillStyle = '#fff';
    context.fillRect(((this.drawn * 4) % width) - 8, height / 2 - 8, 16, 16);
  }
}
