// Writes src/wire/openapi.ts: the types of the API's bodies and commands, and the stable codes of its errors.
//
//   node tools/openapi.mjs [--check]      --check: fail if the committed file is not what would be written
import { readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

const ROOT = new URL('../../../', import.meta.url);
const OUT = new URL('../src/wire/openapi.ts', import.meta.url);
const LINE = 110;

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The whole text of the generated file. */
export async function generate() {
  const api = JSON.parse(await readFile(new URL('docs/openapi.json', ROOT), 'utf8'));
  const guide = await readFile(new URL('docs/api.md', ROOT), 'utf8');
  const parts = [
    '/** Bodies, commands and error codes of the API. Written by `npm run types` from docs/openapi.json and docs/api.md. */',
    ...Object.entries(api.components.schemas).map(([name, schema]) => declaration(name, schema)),
    operations(api.paths),
    codes(guide),
  ];
  return `${parts.join('\n\n')}\n`;
}

function declaration(name, schema) {
  const head = comment(schema.description, '');
  if (schema.properties && !schema.oneOf && !schema.allOf) return `${head}export interface ${name} ${object(schema, '')}`;
  return `${head}export type ${name} = ${type(schema, '')};`;
}

/** The TypeScript of a schema, for a place with this indentation. */
function type(schema, indent) {
  if (!schema || Object.keys(schema).length === 0) return 'unknown';
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum) return schema.enum.map(literal).join(' | ');
  if (schema.oneOf ?? schema.anyOf) return union((schema.oneOf ?? schema.anyOf).map((one) => type(one, indent)));
  if (schema.allOf) return schema.allOf.map((one) => group(type(one, indent))).join(' & ');
  if (Array.isArray(schema.type)) return union(schema.type.map((one) => type({ ...schema, type: one }, indent)));
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `${group(type(schema.items, indent))}[]`;
    case 'object':
      return object(schema, indent);
    default:
      return 'unknown';
  }
}

function object({ properties, required = [], additionalProperties }, indent) {
  if (!properties) {
    const value = typeof additionalProperties === 'object' ? type(additionalProperties, indent) : 'unknown';
    return `Record<string, ${value}>`;
  }
  const inner = `${indent}  `;
  const fields = Object.entries(properties).map(([name, schema]) => {
    const optional = required.includes(name) ? '' : '?';
    return `${comment(schema.description, inner)}${inner}${key(name)}${optional}: ${type(schema, inner)};`;
  });
  return `{\n${fields.join('\n')}\n${indent}}`;
}

/** `{request, result}` of every operation, as one interface; fields of the address and of the body lie side by side. */
function operations(paths) {
  const lines = [];
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of METHODS) {
      const operation = methods[method];
      if (!operation || !path.startsWith('/v1/')) continue;
      const parameters = [...(methods.parameters ?? []), ...(operation.parameters ?? [])];
      const fields = parameters.filter((one) => one.in === 'path' || one.in === 'query').map(parameter);
      const request = [...(fields.length > 0 ? [`{ ${fields.join('; ')} }`] : []), ...body(operation.requestBody)];
      lines.push(
        comment(operation.summary ?? operation.description, '  ') +
          `  ${operation.operationId}: { request: ${request.join(' & ') || 'Nothing'}; result: ${result(operation)} };`,
      );
    }
  }
  return `/** What each operation takes and gives. */\nexport interface Operations {\n${lines.join('\n')}\n}`;
}

function parameter({ name, required, schema }) {
  return `${key(name)}${required ? '' : '?'}: ${type(schema, '  ')}`;
}

function body(requestBody) {
  const schema = requestBody?.content?.['application/json']?.schema;
  if (!schema) return [];
  const one = (schema.oneOf ?? [schema]).find((candidate) => candidate.type !== 'null');
  return [requestBody.required === false || schema.oneOf ? `Partial<${type(one, '  ')}>` : type(one, '  ')];
}

function result({ responses }) {
  const [, answer] = Object.entries(responses).find(([status]) => status.startsWith('2')) ?? [];
  const schema = answer?.content?.['application/json']?.schema;
  return schema ? type(schema, '  ') : 'unknown';
}

/** Words in the second column of the table of errors. */
function codes(guide) {
  const section = guide.split('\n## Errors\n')[1].split('\n## ')[0];
  const cells = section.split('\n').filter((line) => /^\| \d/.test(line));
  // What stands in brackets is no code, but what comes with it.
  const named = cells.map((line) => line.split('|')[2].replace(/\([^)]*\)/g, ''));
  const words = new Set(named.flatMap((text) => text.match(/`[a-z_]+`/g) ?? []));
  const list = [...words].map((word) => word.slice(1, -1));
  const lines = list.sort().map((word) => `  | '${word}'`);
  return `/** Stable codes of refusals. */\nexport type ProblemCode =\n${lines.join('\n')};`;
}

function comment(text, indent) {
  if (!text) return '';
  const lines = wrap(text.replace(/\*\//g, '* /').replace(/\s+/g, ' ').trim(), LINE - indent.length - 7);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join('')}${indent} */\n`;
}

function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last && last.length + word.length >= width) lines.push(word);
    else lines[lines.length - 1] = last ? `${last} ${word}` : word;
  }
  return lines;
}

const literal = (value) => (typeof value === 'string' ? `'${value}'` : String(value));
const key = (name) => (/^\w+$/.test(name) ? name : `'${name}'`);
const group = (text) => (/ [|&] /.test(text) && !text.startsWith('{') ? `(${text})` : text);
const union = (parts) => [...new Set(parts)].join(' | ');

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = await generate();
  if (!process.argv.includes('--check')) await writeFile(OUT, text);
  else if (text !== (await readFile(OUT, 'utf8').catch(() => ''))) {
    console.error('src/wire/openapi.ts is not up to date: run `npm run types`');
    process.exitCode = 1;
  }
}
