// Pages that include a facade's script, for the scenarios next to this file.
//
// Each scenario is a function of a stage; `play` runs the one that is named on the command line with the JSON argument
// that follows, and prints what it returns. A failure says what was told to the pages last.
import { createServer } from 'node:http';
import { build } from '../../../sdk/js/node_modules/esbuild/lib/main.js';
import { complaints, launchUnattended } from '../browser.mjs';

const PATIENCE_MS = 15_000;

/** Connections of the page, to look at what really arrives. */
const WATCH = `
  window.told = [];
  window.peers = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) { super(...args); window.peers.push(this); }
  };
  window.inbound = async () => {
    const sums = { frames: 0, energy: 0 };
    for (const peer of window.peers.filter(({ connectionState }) => connectionState !== 'closed')) {
      for (const row of (await peer.getStats()).values()) {
        if (row.type !== 'inbound-rtp') continue;
        if (row.kind === 'video') sums.frames += row.framesDecoded ?? 0;
        else sums.energy += row.totalAudioEnergy ?? 0;
      }
    }
    return sums;
  };
`;

async function bundle(facade, globalName) {
  const entryPoints = [new URL(`../../../sdk/js/src/facades/${facade}/browser.ts`, import.meta.url).pathname];
  const { outputFiles } = await build({ entryPoints, bundle: true, format: 'iife', globalName, write: false, target: 'es2020' });
  return outputFiles[0].text;
}

function serve(script) {
  const page = '<!doctype html><title>facade</title><body><script src="facade.js"></script>';
  const server = createServer((request, response) => {
    const isScript = request.url === '/facade.js';
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' }).end(isScript ? script : page);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

/** One person's page. Functions run inside it, and see only what they are passed. */
export class Person {
  constructor(name, page, errors) {
    Object.assign(this, { name, page, errors });
  }

  run(work, argument) {
    return this.page.evaluate(work, argument);
  }

  /** Waits until the page was told this: a name and arguments, of which `null` stands for anything. */
  async told(...wanted) {
    const match = ([told, wanted]) => {
      const fits = (value, expected) => expected === null || JSON.stringify(value) === JSON.stringify(expected);
      return told.findIndex((event) => wanted.every((expected, at) => fits(event[at], expected)));
    };
    const start = Date.now();
    for (;;) {
      const told = await this.run(() => JSON.parse(JSON.stringify(window.told)));
      const at = match([told, wanted]);
      if (at >= 0) {
        // Each thing that is told is waited for once.
        await this.run((index) => window.told.splice(index, 1), at);
        return told[at];
      }
      if (Date.now() - start > PATIENCE_MS) {
        throw new Error(`${this.name} was not told ${JSON.stringify(wanted)}; last: ${JSON.stringify(told.slice(-12))}`);
      }
      await this.page.waitForTimeout(25);
    }
  }

  /** What was told so far of this name and not waited for. */
  heard(name) {
    return this.run((wanted) => window.told.filter(([told]) => told === wanted), name);
  }

  /** Waits until `check` is true of what `look` gives. */
  async until(what, look, check, argument) {
    const start = Date.now();
    for (;;) {
      const seen = await this.run(look, argument);
      if (check(seen)) return seen;
      if (Date.now() - start > PATIENCE_MS) throw new Error(`${this.name}: not ${what}: ${JSON.stringify(seen)}`);
      await this.page.waitForTimeout(50);
    }
  }

  /** Panics unless pictures (with `pictures`) and sound arrive from now on. */
  async seesAndHears({ pictures = true } = {}) {
    const before = await this.run(() => window.inbound());
    const enough = ({ frames, energy }) => (!pictures || frames > before.frames + 10) && energy > before.energy + 1e-4;
    return this.until('seeing and hearing', () => window.inbound(), enough);
  }

  /** Waits until an element's video shows moving pictures. */
  shows(selector) {
    const look = (where) => {
      const video = document.querySelector(where);
      return video ? { width: video.videoWidth, frames: video.getVideoPlaybackQuality().totalVideoFrames } : null;
    };
    return this.until(`showing ${selector}`, look, (seen) => seen !== null && seen.width > 2 && seen.frames > 5, selector);
  }
}

class Stage {
  constructor(browser, origin) {
    Object.assign(this, { browser, origin, people: [] });
  }

  async person(name) {
    const context = await this.browser.newContext({ permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const errors = complaints(page);
    await page.addInitScript(WATCH);
    await page.goto(this.origin);
    const made = new Person(name, page, errors);
    this.people.push(made);
    return made;
  }
}

export async function play(facade, globalName, scenarios) {
  const [name, argument] = process.argv.slice(2);
  const scenario = scenarios[name];
  if (!scenario) throw new Error(`no scenario ${name}`);
  const [script, browser] = await Promise.all([bundle(facade, globalName), launchUnattended()]);
  const server = await serve(script);
  try {
    const stage = new Stage(browser, `http://127.0.0.1:${server.address().port}/`);
    const result = await scenario(stage, JSON.parse(argument ?? '{}'));
    const errors = stage.people.flatMap((person) => person.errors.map((error) => `${person.name}: ${error}`));
    console.log(JSON.stringify({ ...result, errors }));
  } finally {
    await browser.close();
    server.close();
  }
}
