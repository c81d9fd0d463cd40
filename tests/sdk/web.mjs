// Two browsers in one room: ann on the example page, bob on a bare page with the UMD build.
//
//   node web.mjs '{"gateway", "ann": token, "bob": token, "room", "target": push URL, "only": "meet"|"restart"}'
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { complaints, launchUnattended } from '../browser/browser.mjs';
import { serve } from '../browser/serve.mjs';
import { ask, given, run, until } from './steps.mjs';

/** Inside the page: sockets can be cut from outside. */
function keepSockets() {
  const all = [];
  window.WebSocket = class extends WebSocket {
    constructor(...args) {
      super(...args);
      all.push(this);
    }
  };
  window.cutSockets = () => all.splice(0).forEach((socket) => socket.close(3000));
}

/** Inside the page: what arrives of each stream: pictures, the colour of the middle, loudness lately. */
async function arrivals() {
  const { room } = window.lianmai;
  const canvas = (window.canvas ??= new OffscreenCanvas(8, 8).getContext('2d', { willReadFrequently: true }));
  const seen = [];
  for (const subscription of room.subscriptions.values()) {
    const figure = document.querySelector(`[data-stream="${subscription.stream}"]`);
    const video = figure?.tagName === 'VIDEO' ? figure : figure?.querySelector('video');
    const { audio, video: picture } = (await subscription.stats()) ?? {};
    if (video?.videoWidth) canvas.drawImage(video, 0, 0, 8, 8);
    const kind = room.streams.get(subscription.stream)?.kind;
    const colour = [...canvas.getImageData(4, 4, 1, 1).data.slice(0, 3)];
    const { frames = 0, width = 0 } = picture ?? {};
    seen.push({ stream: subscription.stream, kind, frames, width, level: audio?.level ?? 0, colour, state: subscription.state });
  }
  return seen;
}

/** Enters on the example page, as a visitor does. */
async function openExample(browser, origin, token) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors = complaints(page);
  await page.addInitScript(keepSockets);
  const fields = new URLSearchParams({ gateway: given.gateway, token, room: given.room, nick: 'Ann' });
  await page.goto(`${origin}/index.html#${fields}`);
  await page.click('#enter button');
  await page.waitForFunction(() => document.querySelector('#camera').textContent === 'Camera off' && window.lianmai?.room);
  return { page, errors };
}

/** Enters on a page with nothing but the UMD build. */
async function openUmd(browser, origin, token) {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const errors = complaints(page);
  await page.addInitScript(keepSockets);
  await page.goto(`${origin}/index.html`);
  await page.setContent('<!doctype html><link rel="icon" href="data:,"><body></body>');
  await page.addScriptTag({ url: `${origin}/dist/lianmai.umd.js` });
  await page.evaluate(async ({ gateway, token, room: id }) => {
    const { Client } = window.lianmai;
    const client = new Client({ url: gateway, tokenProvider: () => token });
    const room = await client.join(id, { role: 'talker', nick: 'Bob' });
    const publication = await room.publish({ quality: 'standard' });
    room.subscribeAll((subscription) => {
      const video = Object.assign(document.createElement('video'), { autoplay: true });
      video.dataset.stream = subscription.stream;
      document.body.append(video);
      subscription.attach(video);
    });
    window.lianmai = { client, room, publication, told: [] };
    room.on('*', (name) => window.lianmai.told.push(name));
  }, { gateway: given.gateway, token, room: given.room });
  return { page, errors };
}

const seen = (page) => page.evaluate(arrivals);

/** Waits until one stream of this kind arrives so. */
function arrives(page, what, check, kind = 'camera') {
  let all = [];
  return until(what, async () => {
    all = await seen(page);
    return all.find((one) => one.kind === kind && check(one));
  }).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(all)}`);
  });
}

// The made-up camera is mostly green, the made-up microphone beeps.
const green = ({ colour: [red, g, blue], frames }) => frames > 10 && g > red + 40 && g > blue + 40;

/** Loudest of some looks, more than a beep apart. */
async function loudest(page, looks) {
  let top = 0;
  for (let n = 0; n < looks; n += 1) {
    const [one] = (await seen(page)).filter(({ kind }) => kind === 'camera');
    top = Math.max(top, one?.level ?? 0);
    await page.waitForTimeout(100);
  }
  return top;
}

async function meet(ann, bob) {
  for (const { page } of [ann, bob]) {
    await arrives(page, 'a green picture', green);
    await arrives(page, 'a beep', ({ level }) => level > 0.005);
  }
  // Mute: what arrives is silent, and everybody knows.
  await ann.page.click('#microphone');
  await until('the mute is told', () => bob.page.evaluate(() => [...window.lianmai.room.streams.values()].some(({ aoff }) => aoff)));
  await until('silence', async () => (await loudest(bob.page, 12)) < 0.002);
  await ann.page.click('#microphone');
  await arrives(bob.page, 'a beep again', ({ level }) => level > 0.005);
  // The camera goes off, and comes back.
  await ann.page.click('#camera');
  await until('the camera is off', () => bob.page.evaluate(() => [...window.lianmai.room.streams.values()].some(({ voff }) => voff)));
  await until('her own page has no picture', () =>
    ann.page.evaluate(() => [...document.querySelectorAll('video')].find(({ muted }) => muted)
      .srcObject.getVideoTracks().length === 0));
  await ann.page.click('#camera');
  await goesOn(bob);
  // The smaller of several pictures.
  const { width } = await arrives(bob.page, 'a picture', ({ width }) => width >= 640);
  await bob.page.evaluate(() => [...window.lianmai.room.subscriptions.values()][0].setLayer('low'));
  await arrives(bob.page, 'a smaller picture', (one) => one.width > 0 && one.width < width);
  await bob.page.evaluate(() => [...window.lianmai.room.subscriptions.values()][0].setLayer('auto'));
  // Another quality, device lists, figures of what is sent.
  const sent = await bob.page.evaluate(async () => {
    const { client, publication } = window.lianmai;
    await publication.setQuality('low');
    const cameras = (await client.devices.list()).filter(({ kind }) => kind === 'camera');
    await publication.setCamera(cameras[cameras.length - 1].id);
    return { cameras: cameras.length, stats: await publication.stats() };
  });
  assert.ok(sent.cameras >= 1 && sent.stats.video.width > 0, JSON.stringify(sent));
}

async function screen(ann, bob) {
  await ann.page.click('#screen');
  await arrives(bob.page, 'the screen', ({ frames }) => frames > 3, 'screen');
  await goesOn(bob);
  await ann.page.click('#screen');
  await until('no screen', async () => (await seen(bob.page)).length === 1);
  await goesOn(bob);
}

/** The camera's layers stay what they are, whatever else the connection carries. */
async function goesOn({ page }) {
  const { frames } = await arrives(page, 'the camera', () => true);
  await arrives(page, 'the camera goes on', (one) => one.frames > frames + 15);
}

async function cut(ann, bob) {
  const before = await arrives(bob.page, 'a picture', green);
  await bob.page.evaluate(() => window.cutSockets());
  await until('the loss is noticed', () => bob.page.evaluate(() => window.lianmai.told.includes('suspended')));
  await until('it is back', () => bob.page.evaluate(() => window.lianmai.told.includes('resumed')));
  // Another network: media finds its way again by itself.
  await bob.page.evaluate(() => window.dispatchEvent(new Event('online')));
  const state = await bob.page.evaluate(() => ({ phase: window.lianmai.room.phase, told: window.lianmai.told }));
  assert.equal(state.phase, 'inside');
  assert.ok(!state.told.includes('left'), JSON.stringify(state));
  await arrives(bob.page, 'pictures go on', ({ frames }) => frames > before.frames + 10);
  await arrives(ann.page, 'pictures go on', green);
}

/** Layout, recordings and pushes: the calls reach the gateway and say what it says. */
async function compose(ann) {
  const did = await ann.page.evaluate(async (target) => {
    const { room } = window.lianmai;
    const mix = await room.mix.start({ preset: 'grid', canvas: { width: 320, height: 240 } });
    const changed = await room.mix.update({ preset: 'side_by_side' });
    await room.mix.setMain({ by: 'account', id: 'ann' });
    const push = await room.pushes.add({ url: target });
    const pushes = await room.pushes.list();
    await room.pushes.remove(push.id);
    const recordings = await room.recordings.start({ what: 'streams' });
    const stopped = await Promise.all(recordings.map(({ id }) => room.recordings.stop(id)));
    await room.mix.stop();
    const refused = await room.pushes.remove('nothing').catch(({ code, status }) => ({ code, status }));
    return { mix, changed, pushes: pushes.length, recordings: recordings.length, stopped, refused };
  }, given.target);
  assert.equal(did.mix.stream.kind, 'mix');
  assert.equal(did.changed.layout.arrangement.preset, 'side_by_side');
  assert.equal(did.pushes, 1);
  assert.ok(did.recordings >= 1 && did.stopped.every(({ is_mix }) => !is_mix), JSON.stringify(did));
  assert.equal(did.refused.status, 404, JSON.stringify(did.refused));
}

async function restart(ann, bob) {
  await arrives(bob.page, 'a green picture', green);
  await ask('kill');
  await until('the loss is noticed', () => bob.page.evaluate(() => window.lianmai.told.includes('suspended')));
  await ask('restart');
  for (const { page } of [ann, bob]) {
    await until('inside again', () => page.evaluate(() => window.lianmai.room.phase === 'inside'));
    const { frames } = await arrives(page, 'a stream', () => true);
    await arrives(page, 'new pictures', (one) => green(one) && one.frames !== frames && one.state === 'connected');
  }
}

await run(async () => {
  const built = ['examples/web/lib', 'sdk/js/dist'].map((folder) => new URL(`../../${folder}`, import.meta.url));
  if (!built.every((folder) => existsSync(folder))) throw new Error('build the SDK first: scripts/sdk.sh build');
  const site = await serve({ '/': 'examples/web', '/dist/': 'sdk/js/dist' });
  const browser = await launchUnattended();
  try {
    const [ann, bob] = await Promise.all([openExample(browser, site.origin, given.ann), openUmd(browser, site.origin, given.bob)]);
    if (given.only === 'restart') return await restart(ann, bob);
    await meet(ann, bob);
    await cut(ann, bob);
    await compose(ann);
    await screen(ann, bob);
    await ann.page.click('#leave');
    await until('alone', () => bob.page.evaluate(() => window.lianmai.room.state.members.length === 1));
    assert.deepEqual([...ann.errors, ...bob.errors], []);
  } finally {
    await browser.close();
    site.close();
  }
});
