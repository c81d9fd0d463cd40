// The guides name what there is: methods and fields, error codes, and every name that is exported is explained.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const types = (name: string) => read(`../src/types/${name}.ts`);

/** Names of the members of an interface or a class. */
function members(source: string, head: string): Set<string> {
  const start = source.indexOf(`${head} `);
  expect(start, head).toBeGreaterThanOrEqual(0);
  const body = source.slice(start, source.indexOf('\n}', start));
  return new Set([...body.matchAll(/^ {2}(?:(?:readonly|get|async) )*(\w+)[?(<:]/gm)].map(([, name]) => name!));
}

const events = members(types('emitter'), 'export interface Events<M>');
const of = (source: string, head: string) => new Set([...members(source, head), ...events]);
const media = types('media');

const THINGS: Record<string, Set<string>> = {
  client: of(read('../src/client/client.ts'), 'export class BaseClient'),
  room: of(types('room'), 'export interface Room'),
  mine: of(media, 'export interface Publication'),
  theirs: of(media, 'export interface Subscription'),
  call: of(types('calls'), 'export interface Call'),
  'client.calls': of(types('calls'), 'export interface Calls'),
  'client.devices': of(types('devices'), 'export interface Devices'),
  'room.mix': members(types('room'), 'export interface RoomMix'),
  'room.recordings': members(types('room'), 'export interface RoomRecordings'),
  'room.pushes': members(types('room'), 'export interface RoomPushes'),
};

const GUIDES = ['sdk.md', 'sdk.zh.md'];

describe.each(GUIDES)('docs/%s', (name) => {
  const guide = read(`../../../docs/${name}`);

  it('uses what there is', () => {
    const used = [...guide.matchAll(/(?<![\w.])((?:client|room)\.\w+|client|room|mine|theirs|call)\.(\w+)/g)];
    expect(used.length).toBeGreaterThan(30);
    const unknown = used.filter(([, thing, member]) => {
      const [whole, part] = thing!.split('.');
      const known = THINGS[thing!];
      // `room.on` and the like are found one step before.
      if (!known) return part !== undefined && !THINGS[whole!]?.has(part);
      return !known.has(member!);
    });
    expect(unknown.map(([text]) => text)).toEqual([]);
  });

  it('lists the codes of the SDK itself', () => {
    const source = types('errors');
    const codes = source.slice(source.indexOf('export type LocalCode'), source.indexOf(';', source.indexOf('export type LocalCode')));
    const missing = [...codes.matchAll(/\| '(\w+)'/g)].map(([, code]) => code!).filter((code) => !guide.includes(`\`${code}\``));
    expect(missing).toEqual([]);
  });
});

it('explains every exported name', () => {
  const sources = ['index', 'mini-program', 'wire/commands', 'platform/standard', 'platform/web', 'platform/mini-program'].map((name) => `../src/${name}.ts`);
  const named = ['calls', 'client', 'devices', 'emitter', 'errors', 'events', 'media', 'platform', 'room'].map((name) => `../src/types/${name}.ts`);
  const bare = [...sources, ...named].flatMap((path) => {
    const lines = read(path).split('\n');
    return lines.flatMap((line, at) => {
      const [, name] = /^export (?:abstract )?(?:async )?(?:type|interface|class|function|const) (\w+)/.exec(line) ?? [];
      return name && !lines[at - 1]?.endsWith('*/') ? [`${path}: ${name}`] : [];
    });
  });
  expect(bare).toEqual([]);
});
