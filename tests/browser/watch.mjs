// Opens a page and waits until it plays: N video elements with a picture whose decoded frames grow.
//
//   node watch.mjs URL [--videos N] [--timeout SECONDS] [--transport http_flv|ws_flv] [--screenshot FILE]
//
// Where the gateway gives no session away, the token in the environment variable LIANMAI_TOKEN is entered.
//
// Prints one line of JSON, {"ok", "videos": [{"width", "height", "frames", "dropped", "grown", "position",
// "latency"}], "errors": [...]}, and exits with 0 if it played, 1 if not, 2 for wrong arguments.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { complaints, launch } from './browser.mjs';

// Frames must go on growing over this span of the page's own clock.
const SPAN_MS = 2_000;
const POLL_MS = 200;

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      videos: { type: 'string', default: '1' },
      timeout: { type: 'string', default: '30' },
      transport: { type: 'string' },
      screenshot: { type: 'string' },
    },
  });
  const videos = Number(values.videos);
  const timeout = Number(values.timeout) * 1000;
  if (positionals.length !== 1 || !Number.isInteger(videos) || videos < 1 || !(timeout > 0)) {
    throw new Error('usage: watch.mjs URL [--videos N] [--timeout SECONDS] [--transport NAME] [--screenshot FILE]');
  }
  return { ...values, url: positionals[0], videos, timeout };
}

/** Runs inside the page: figures of every video with a picture, and since when each has grown. */
function look(spanMs) {
  const now = performance.now();
  const first = (window.__first ??= new WeakMap());
  return [...document.querySelectorAll('video')].map((video) => {
    const quality = video.getVideoPlaybackQuality();
    const frames = quality.totalVideoFrames;
    const { width, height } = { width: video.videoWidth, height: video.videoHeight };
    let start = first.get(video);
    // A player that began again counts from there.
    if (width > 0 && (!start || frames < start.frames)) first.set(video, (start = { at: now, frames }));
    const grown = start ? frames - start.frames : 0;
    const seen = start ? now - start.at : 0;
    const edge = video.buffered.length > 0 ? video.buffered.end(video.buffered.length - 1) : 0;
    return {
      width,
      height,
      frames,
      dropped: quality.droppedVideoFrames,
      grown,
      position: Number(video.currentTime.toFixed(3)),
      latency: Number(Math.max(0, edge - video.currentTime).toFixed(3)),
      plays: width > 0 && seen >= spanMs && grown > 0,
    };
  });
}

async function watch(page, { url, videos, timeout, transport, screenshot }) {
  const deadline = Date.now() + timeout;
  const left = () => Math.max(1, deadline - Date.now());
  page.setDefaultTimeout(timeout);
  let problem = null;
  try {
    await page.goto(url, { waitUntil: 'domcontentloaded', timeout: left() });
    if (transport) {
      await page.locator(`input[name=transport][value=${transport}]`).check({ force: true, timeout: left() });
    }
    // Asked from outside: the page's content policy forbids it to evaluate what waitForFunction would hand in.
    while ((await page.evaluate(look, SPAN_MS)).filter((video) => video.plays).length < videos) {
      if (Date.now() > deadline) throw new Error(`not ${videos} videos play after ${timeout / 1000} s`);
      await delay(POLL_MS);
    }
  } catch (error) {
    problem = `${error.name}: ${error.message.split('\n')[0]}`;
  }
  const seen = await page.evaluate(look, SPAN_MS).catch(() => []);
  if (screenshot) await page.screenshot({ path: screenshot, fullPage: true }).catch(() => undefined);
  return { problem, seen };
}

async function main() {
  const asked = options();
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const errors = complaints(page);
    const token = process.env.LIANMAI_TOKEN;
    if (token) await page.addInitScript((text) => sessionStorage.setItem('lianmai.token', text), token);
    const { problem, seen } = await watch(page, asked);
    if (problem) errors.push(problem);
    const videos = seen.map(({ plays, ...figures }) => figures);
    const ok = problem === null && seen.filter((video) => video.plays).length >= asked.videos;
    console.log(JSON.stringify({ ok, videos, errors }));
    return ok ? 0 : 1;
  } finally {
    await browser.close();
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.log(JSON.stringify({ ok: false, videos: [], errors: [error.message] }));
  process.exitCode = 2;
}
