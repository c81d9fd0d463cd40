// A headless Chromium with nothing but what the tests need: no profile kept, no network of its own.
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

/**
 * For pages that send and receive by themselves: sound plays without a click; what shares the screen gets the whole of a
 * made-up one; pages do not sleep when they are behind others, and a page of one loopback port may ask another.
 */
const UNATTENDED = [
  '--autoplay-policy=no-user-gesture-required',
  '--auto-accept-this-tab-capture',
  '--auto-select-desktop-capture-source=Entire screen',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  '--disable-features=LocalNetworkAccessChecks,CalculateNativeWinOcclusion',
];

/** As `launch`, for pages that send and receive by themselves. */
export function launchUnattended() {
  return launch(UNATTENDED);
}

/** Starts a browser with a fresh profile and further flags; close it when done. */
export function launch(more = []) {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';
  const args = [...FLAGS, ...more];
  return chromium.launch({ executablePath, headless: true, args, handleSIGINT: true, handleSIGTERM: true });
}

/** Collects what the page complains about, from now on. */
export function complaints(page) {
  const found = [];
  page.on('console', (message) => {
    if (message.type() === 'error') found.push(withoutSecrets(message.text(), message.location().url));
  });
  page.on('pageerror', (error) => found.push(withoutSecrets(`${error.name}: ${error.message}`)));
  return found;
}

/** Play URLs carry a token in their query. */
function withoutSecrets(text, url = '') {
  return `${text}${url ? ` (${url})` : ''}`.replace(/\?[^\s)]+/g, '?…');
}
