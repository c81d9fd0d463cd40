// FFmpeg as the moving part of the live components: a push of a made-up camera, a pull that looks and listens.
'use strict';
const { spawn } = require('node:child_process');
const { createInterface } = require('node:readline');

const FFMPEG = process.env.FFMPEG ?? 'ffmpeg';
const QUIET = ['-hide_banner', '-loglevel', 'info', '-nostats'];
const WIDTH = 16;
const HEIGHT = 12;
const RATE = 8_000;

/** Processes that run, to end them with this one. */
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

function start(args, { onLine, onExit, stdio }) {
  const child = spawn(FFMPEG, [...QUIET, ...args], { stdio });
  running.add(child);
  let said = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    said = `${said}\n${line}`.slice(-4_000);
    onLine(line);
  });
  child.on('error', (error) => (said += error.message));
  child.on('close', (code) => {
    running.delete(child);
    onExit({ code, said });
  });
  return child;
}

/**
 * Pushes a moving test picture in this colour and a tone. Tells `onConnected` and `onExit({code, said})`.
 * Muted, the tone is silence; without a camera there is only sound.
 */
function push({ url, camera, microphone, muted, width, height, colour, tone }, { onConnected, onExit }) {
  const picture = `color=c=${colour}:size=${width}x${height}:rate=15,drawbox=x='mod(t*60,${width})':y=8:w=24:h=24:color=white:t=fill`;
  const sound = muted ? `anullsrc=r=48000:cl=mono` : `sine=frequency=${tone}:sample_rate=48000`;
  const args = ['-nostdin'];
  if (camera) args.push('-re', '-f', 'lavfi', '-i', picture);
  if (microphone) args.push('-re', '-f', 'lavfi', '-i', sound);
  if (camera) args.push('-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-bf', '0', '-g', '15', '-pix_fmt', 'yuv420p', '-b:v', '300k', '-threads', '1');
  if (microphone) args.push('-c:a', 'aac', '-b:a', '48k');
  args.push('-f', 'flv', '-flvflags', 'no_duration_filesize', url);
  const onLine = (line) => /^Output #0/.test(line) && onConnected();
  return start(args, { onLine, onExit, stdio: ['ignore', 'ignore', 'pipe'] });
}

/**
 * Pulls and decodes. `onOpen`: the stream's head is there; `onPicture({colour: [r, g, b]})` for each picture, the colour of
 * its middle; `onSound(loudness)` for each tenth of a second, 0 to 1; `onExit({code, said})`.
 */
function pull({ url }, { onOpen, onPicture, onSound, onSize, onExit }) {
  const args = ['-nostdin', '-rw_timeout', '30000000', '-fflags', 'nobuffer', '-flags', 'low_delay', '-analyzeduration', '1000000', '-i', url];
  args.push('-map', '0:v?', '-vf', `scale=${WIDTH}:${HEIGHT}`, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-pix_fmt', 'rgb24', 'pipe:3');
  args.push('-map', '0:a?', '-ac', '1', '-ar', String(RATE), '-f', 's16le', 'pipe:4');
  const onLine = (line) => {
    if (/^Input #0/.test(line)) onOpen();
    const size = /Video: .*?, (\d+)x(\d+)/.exec(line);
    if (size && !/rawvideo/.test(line)) onSize(Number(size[1]), Number(size[2]));
  };
  const child = start(args, { onLine, onExit, stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
  const picture = WIDTH * HEIGHT * 3;
  cut(child.stdio[3], picture, (bytes) => {
    const middle = ((HEIGHT / 2) * WIDTH + WIDTH / 2) * 3;
    onPicture([...bytes.subarray(middle, middle + 3)]);
  });
  cut(child.stdio[4], (RATE / 10) * 2, (bytes) => {
    let sum = 0;
    for (let at = 0; at < bytes.length; at += 2) sum += (bytes.readInt16LE(at) / 32_768) ** 2;
    onSound(Math.sqrt(sum / (bytes.length / 2)));
  });
  return child;
}

/** Tells pieces of this many bytes. */
function cut(stream, size, tell) {
  let held = Buffer.alloc(0);
  stream.on('data', (chunk) => {
    held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
    while (held.length >= size) {
      tell(held.subarray(0, size));
      held = held.subarray(size);
    }
  });
  stream.on('error', () => undefined);
}

module.exports = { push, pull };
