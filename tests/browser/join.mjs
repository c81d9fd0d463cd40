// Joins the open room of a watch page with a made-up camera and waits until the page sends it and shows the others, also
// after it was told of another network.
//
//   node join.mjs URL STREAMS
//
// Prints {"sent": "what the page says it sends", "frames": [decoded frames of the streams played over WebRTC],
// "errors": [...]}; fails when it takes longer than 30 s.
import { complaints, launch } from './browser.mjs';

const [url, streams] = [process.argv[2], Number(process.argv[3])];
const browser = await launch(['--autoplay-policy=no-user-gesture-required']);
try {
  const context = await browser.newContext({ permissions: ['camera', 'microphone'] });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const errors = complaints(page);
  await page.goto(url);
  await page.click('[data-testid=join-open]');
  await page.fill('[data-testid=join-nick]', 'visitor');
  await page.click('[data-testid=join-submit]');
  await page.waitForSelector('[data-testid=stage][data-phase=joined][data-connection=connected]');
  const frames = () =>
    [...document.querySelectorAll('[data-testid=video][data-mode=webrtc]')].map((place) => {
      const video = place.tagName === 'VIDEO' ? place : place.querySelector('video');
      return video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
    });
  // The page's policy forbids code from text, so it is looked at again and again from here.
  const sends = async () => /\d fps/.test((await page.textContent('[data-testid=send-stats]')) ?? '');
  const playing = async (enough) => {
    for (const start = Date.now(); ; await page.waitForTimeout(200)) {
      const all = await page.evaluate(frames);
      if (all.length >= streams && all.every(enough) && (await sends())) return all;
      if (Date.now() - start > 30_000) throw new Error(`frames ${JSON.stringify(all)}`);
    }
  };
  const before = await playing((n) => n > 25);
  // Media goes on over the same connection, by another way if there has to be one: counts do not begin again.
  await page.evaluate(() => window.dispatchEvent(new Event('online')));
  await playing((n, at) => n > before[at] + 25);
  await page.waitForSelector('[data-testid=stage][data-phase=joined][data-connection=connected]');
  const sent = await page.textContent('[data-testid=send-stats]');
  console.log(JSON.stringify({ sent, frames: await page.evaluate(frames), errors }));
} finally {
  await browser.close();
}
