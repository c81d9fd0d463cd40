// A mini-program that does what it is told, one line of JSON per command on standard input:
//
//   {"id": 1, "do": "launch", "root": "…/examples/mini-program", "aliases": {}, "number": 0,
//    "config": {"file": "config.js", "gateway": "http://…"}}                       sets what a module of the program exports
//   {"id": 2, "do": "open", "url": "/pages/room/room?room=r1", "query": {"token": "…"}}
//   {"id": 3, "do": "call", "method": "leave", "args": [{"detail": {}}]}           a method of the page on top
//   {"id": 4, "do": "tap", "selector": "#leave"}
//   {"id": 5, "do": "data", "path": "members"}                                        of the page on top; all without a path
//   {"id": 6, "do": "live"}                                                           all live components, see README.md
//   {"id": 7, "do": "break", "kind": "live-player", "of": "player-1", "giveUp": true}
//   {"id": 8, "do": "act", "name": "cut"}                                             "network" (with "value"), "show", "cut"
//   {"id": 9, "do": "back"}   {"id": 10, "do": "notes"}   {"id": 11, "do": "html"}
//
// Answers, in order: {"id", "ok": …} or {"id", "error": "…"}. Unasked it says {"ready": true}, and {"log": […]} for what
// the program writes to the console. Ends with its standard input.
'use strict';
const path = require('node:path');
const { createInterface } = require('node:readline');
const { launch } = require('./src/index.js');

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
for (const level of ['log', 'info', 'warn', 'error', 'debug']) console[level] = (...args) => say({ log: [level, ...args.map(text)] });
process.on('unhandledRejection', (error) => say({ log: ['unhandled', text(error)] }));
process.on('uncaughtException', (error) => say({ log: ['uncaught', text(error)] }));

let program = null;

const COMMANDS = {
  launch: ({ config, ...options }) => {
    program = launch({ ...options, before: () => config && configure(options.root, config) });
  },
  open: ({ url, query }) => {
    program.pages.open(url, query);
  },
  call: ({ method, args = [] }) => {
    const page = program.pages.top.page.instance;
    if (typeof page[method] !== 'function') throw new Error(`the page has no ${method}`);
    return page[method](...args);
  },
  tap: ({ selector }) => {
    const found = program.pages.top.page.querySelector(selector);
    if (!found) throw new Error(`no ${selector}`);
    found.dispatchEvent('tap');
  },
  data: ({ path }) => {
    const { data } = program.pages.top.page;
    return path ? path.split('.').reduce((value, name) => value?.[name], data) : data;
  },
  live: () => program.live.reports(),
  break: ({ kind, of, giveUp }) => program.live.breakLive(kind, of, giveUp),
  act: ({ name, value }) => program.acts[name](value),
  notes: () => program.notes,
  html: () => global.document.body.innerHTML,
  back: () => program.pages.back(),
};

/** Changes what a program's module exports, such as the address of the gateway. */
function configure(root, { file, ...values }) {
  Object.assign(require(path.join(root, file)), values);
}

function text(value) {
  if (value instanceof Error) return value.stack;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function obey(line) {
  const command = JSON.parse(line);
  try {
    const act = COMMANDS[command.do];
    if (!act) throw new Error(`unknown command ${command.do}`);
    return { id: command.id, ok: (await act(command)) ?? null };
  } catch (error) {
    return { id: command.id, error: String(error?.stack ?? error?.message ?? JSON.stringify(error)) };
  }
}

async function main() {
  say({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) say(await obey(line));
  await program?.live.stopAll();
  process.exit(0);
}

void main();
