// Works the controls of a room's mix, recordings and pushes on a watch page, in English and in Chinese.
//
//   node studio.mjs URL PUSH_URL
//
// Prints {"steps": [what was seen, in order], "errors": [...]}; fails when a step takes longer than 20 s.
import { complaints, launch } from './browser.mjs';

const [url, target] = process.argv.slice(2);
const browser = await launch();
const steps = [];
try {
  const page = await browser.newPage({ locale: 'en-US', viewport: { width: 1280, height: 1000 } });
  page.setDefaultTimeout(20_000);
  const errors = complaints(page);
  const seen = async (selector, what) => {
    await page.waitForSelector(selector, { state: 'attached' });
    steps.push(what);
  };
  await page.goto(url);
  await seen('[data-testid=mix][data-state=off]', 'mix off');
  await page.click('[data-testid=mix-toggle]');
  await seen('[data-testid=mix][data-state=running]', 'mix running');
  // The preview is the first of the tiles, and plays.
  const frames = () => {
    const video = document.querySelector('[data-testid=tile]:not([data-owner]) video');
    return video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
  };
  for (const start = Date.now(); (await page.evaluate(frames)) < 20; await page.waitForTimeout(200)) {
    if (Date.now() - start > 20_000) throw new Error('the mix does not play');
  }
  steps.push('mix plays');
  await page.click('label:has([data-testid=preset-side_by_side])');
  await seen('[data-testid=preset-side_by_side]:checked', 'side by side');

  await page.click('[data-testid=record-mix]');
  await seen('[data-testid=recording][data-mix=true][data-state=recording]', 'recording');
  await page.click('[data-testid=recording-pause]');
  await seen('[data-testid=recording][data-state=paused]', 'paused');
  await page.click('[data-testid=recording-stop]');
  await seen('[data-testid=recordings][data-count="0"]', 'recorded');

  await page.fill('[data-testid=push-url]', 'rtmp://127.0.0.1/nothing');
  await page.click('[data-testid=push-add]');
  await seen('[data-testid=studio-problem]', 'bad address');
  await page.fill('[data-testid=push-url]', target);
  await page.click('[data-testid=push-add]');
  await seen('[data-testid=push][data-state=live]', 'live');
  const text = await page.textContent('[data-testid=studio]');
  if (text.includes(target.split('/').pop())) throw new Error('the stream key is shown');
  await page.click('[data-testid=push-remove]');
  await seen('[data-testid=pushes][data-count="0"]', 'removed');

  await page.click('[data-testid=language]');
  await seen('html[lang=zh]', 'Chinese');
  await seen('[data-testid=mix][data-state=running]', (await page.textContent('[data-testid=mix] h2')) ?? '');
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT, fullPage: true });
  await page.click('[data-testid=mix-toggle]');
  await seen('[data-testid=mix][data-state=off]', 'mix off');
  // A refused address is answered with 400, which browsers complain about.
  console.log(JSON.stringify({ steps, errors: errors.filter((error) => !error.includes('status of 400')) }));
} catch (error) {
  console.error(JSON.stringify(steps));
  throw error;
} finally {
  await browser.close();
}
