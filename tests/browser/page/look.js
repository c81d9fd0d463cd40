// What comes out at this end: pictures with their codes and brightness, sounds with their beginnings.
import { HEIGHT, WIDTH, read } from './code.js';

/** Wall clock in milliseconds, as other processes of this machine have it. */
export const wall = (time = performance.now()) => performance.timeOrigin + time;

/** Watches and listens for `ms`: {frames: [{at, number, bright, width, height}], beeps: [at]}. */
export async function look(video, audioTrack, ms) {
  const [frames, beeps] = await Promise.all([watch(video, ms), audioTrack ? listen(audioTrack, ms) : []]);
  return { frames, beeps };
}

function watch(video, ms) {
  const canvas = new OffscreenCanvas(WIDTH, HEIGHT);
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  const frames = [];
  return new Promise((done) => {
    const end = setTimeout(() => done(frames), ms);
    const until = performance.now() + ms;
    const each = (_now, { presentationTime, width, height }) => {
      context.drawImage(video, 0, 0, WIDTH, HEIGHT);
      frames.push({ at: wall(presentationTime), ...read(context), width, height });
      if (performance.now() < until) video.requestVideoFrameCallback(each);
      else {
        clearTimeout(end);
        done(frames);
      }
    };
    video.requestVideoFrameCallback(each);
  });
}

async function listen(track, ms) {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
  await context.audioWorklet.addModule('beeps.js');
  const beeps = [];
  const node = new AudioWorkletNode(context, 'beeps', { numberOfInputs: 1, numberOfOutputs: 1, channelCount: 1, channelCountMode: 'explicit' });
  // The context's clock moves in steps: its newest distance to ours is the largest seen.
  let ahead = -Infinity;
  const tick = setInterval(() => (ahead = Math.max(ahead, context.currentTime - performance.now() / 1_000)), 5);
  node.port.onmessage = ({ data }) => beeps.push(data);
  // Without a way to the speakers nothing pulls it; it puts out silence.
  new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }).connect(node);
  node.connect(context.destination);
  await new Promise((done) => setTimeout(done, ms));
  clearInterval(tick);
  await context.close();
  return beeps.map((at) => wall((at - ahead) * 1_000));
}

/** Colours of an image at places from 0 to 1, as [red, green, blue]. */
export async function colours(png, at) {
  const blob = await (await fetch(`data:image/png;base64,${png}`)).blob();
  const image = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const colour = ([x, y]) => [...context.getImageData(x * (image.width - 1), y * (image.height - 1), 1, 1).data].slice(0, 3);
  return at.map(colour);
}
