// What the scripts of this folder share: their arguments, and asking whoever started them to do something.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** The script's one argument, as JSON. */
export const given = JSON.parse(process.argv[2] ?? '{}');

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Has the starter do this, such as `restart` the gateway. */
export async function ask(what) {
  process.stdout.write(`${JSON.stringify({ want: what })}\n`);
  const { value } = await lines.next();
  assert.equal(value, 'done');
}

/** Waits until `look` gives something. */
export async function until(what, look, ms = 20_000) {
  const start = Date.now();
  for (;;) {
    const seen = await look();
    if (seen && process.env.TIMES) console.error(what, Date.now() - start);
    if (seen) return seen;
    if (Date.now() - start > ms) throw new Error(`${what}: not within ${ms} ms`);
    await delay(50);
  }
}

/** Runs the script; says where it failed. */
export async function run(main) {
  try {
    await main();
    process.stdout.write('{"ok":true}\n');
    process.exit(0);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error.stack ?? error) })}\n`);
    process.exit(1);
  }
}
