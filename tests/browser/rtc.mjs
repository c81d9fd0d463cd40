// A browser that does what it is told, one line of JSON per command on standard input:
//
//   {"id": 1, "do": "open", "page": "ann"}                                 a page of its own profile
//   {"id": 2, "do": "call", "page": "ann", "method": "play", "args": {…}}   a method of page/main.js
//   {"id": 3, "do": "picture", "page": "ann", "name": "x", "at": [[0.5, 0.5]], "file": "x.png"}
//   {"id": 4, "do": "shut", "page": "ann"}                                  ends the page as a closed tab does
//
// Answers, not always in order: {"id", "ok": …} or {"id", "error": "…"}. Without a command it prints {"ready": true}.
// Ends with its standard input.
import { createInterface } from 'node:readline';
import { complaints, launchUnattended } from './browser.mjs';
import { serve } from './serve.mjs';

class Agent {
  pages = new Map();

  constructor(browser, origin) {
    this.browser = browser;
    this.origin = origin;
  }

  async open({ page: name }) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 800 } });
    const page = await context.newPage();
    const errors = complaints(page);
    this.pages.set(name, { context, page, errors });
    await page.goto(`${this.origin}/index.html`);
    await page.waitForFunction(() => 'rtc' in window);
    return null;
  }

  async call({ page: name, method, args }) {
    const { page } = this.page(name);
    return page.evaluate(([method, args]) => window.rtc[method](args), [method, args ?? {}]);
  }

  /** A screenshot of one picture, and the colours at these places of it (0 to 1 in both directions). */
  async picture({ page: name, name: peer, stream, at, file }) {
    const { page } = this.page(name);
    const selector = `video[data-peer="${peer}"]${stream ? `[data-stream="${stream}"]` : ''}`;
    const shot = await page.locator(selector).screenshot({ path: file });
    return page.evaluate(([png, at]) => window.rtc.colours({ png, at }), [shot.toString('base64'), at]);
  }

  async errors({ page: name }) {
    return this.page(name).errors;
  }

  async shut({ page: name }) {
    await this.page(name).context.close();
    this.pages.delete(name);
    return null;
  }

  page(name) {
    const found = this.pages.get(name);
    if (!found) throw new Error(`no page ${name}`);
    return found;
  }
}

const COMMANDS = ['open', 'call', 'picture', 'errors', 'shut'];

async function obey(agent, line) {
  const command = JSON.parse(line);
  try {
    if (!COMMANDS.includes(command.do)) throw new Error(`unknown command ${command.do}`);
    return { id: command.id, ok: (await agent[command.do](command)) ?? null };
  } catch (error) {
    return { id: command.id, error: String(error.message).split('\n    at ')[0] };
  }
}

// Pages need an origin that may use devices.
const site = await serve({ '/': 'tests/browser/page' });
const browser = await launchUnattended();
try {
  const agent = new Agent(browser, site.origin);
  const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    // Not awaited: one page may wait while another acts.
    void obey(agent, line).then(say);
  }
} finally {
  await browser.close();
  site.close();
}
