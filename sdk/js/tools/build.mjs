// Builds dist/: the SDK for every place it runs in, the facades, and the types. Says how big each file is.
//
//   node tools/build.mjs [--no-types]
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const ROOT = new URL('../', import.meta.url);

const SDK = [
  { entry: 'src/mini-program.ts', out: 'dist/mini-program/index.js', kind: 'mini_program' },
  { entry: 'src/index.ts', out: 'dist/lianmai.js', kind: 'esm' },
  { entry: 'src/index.ts', out: 'dist/lianmai.umd.js', kind: 'umd', global: 'lianmai' },
  { entry: 'src/index.ts', out: 'dist/lianmai.node.cjs', kind: 'node' },
];

const KINDS = {
  // What the tools of mini-programs pack without another pass.
  mini_program: { format: 'cjs', target: 'es2017', platform: 'neutral' },
  esm: { format: 'esm', target: 'es2020', platform: 'browser' },
  umd: { format: 'cjs', target: 'es2018', platform: 'browser' },
  node: { format: 'cjs', target: 'node20', platform: 'node' },
};

/** One file of code around a CommonJS module: a module where there are modules, else a global. */
function asUmd(name) {
  return {
    banner: `(function(g,f){typeof module==="object"&&module.exports?f(module):typeof define==="function"&&define.amd?define(["module"],f):(f(g={exports:{}}),globalThis[${JSON.stringify(name)}]=g.exports)})(0,function(module){var exports=module.exports;`,
    footer: '});',
  };
}

async function one({ entry, out, kind, global }) {
  const how = KINDS[kind];
  if (!how) throw new Error(`${entry}: no kind ${kind}`);
  const wrap = kind === 'umd' ? asUmd(global) : null;
  const result = await build({
    ...how,
    entryPoints: [entry],
    outfile: out,
    absWorkingDir: ROOT.pathname,
    bundle: true,
    minify: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...(wrap ? { banner: { js: wrap.banner }, footer: { js: wrap.footer } } : {}),
  });
  const file = new URL(out, ROOT);
  const bytes = await readFile(file);
  const size = { file: out, bytes: bytes.length, gzip: gzipSync(bytes).length };
  return { ...size, inputs: Object.keys(result.metafile.inputs) };
}

function types() {
  const tsc = new URL('node_modules/typescript/bin/tsc', ROOT).pathname;
  const done = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: ROOT.pathname, stdio: 'inherit' });
  if (done.status !== 0) throw new Error('the types were not built');
}

/** Node's own rules want the whole name of a file that is imported; the compiler leaves it as it was written. */
async function nameWholeFiles(folder) {
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.d.ts'));
  for (const name of files) {
    const file = new URL(name, folder);
    const text = await readFile(file, 'utf8');
    const whole = (_, before, path) => {
      const isFolder = existsSync(new URL(`${path}/index.d.ts`, file));
      return `${before}'${path}${isFolder ? '/index' : ''}.js'`;
    };
    await writeFile(file, text.replace(/(from |import\()['"](\.{1,2}\/[^'"]*?)['"]/g, whole));
  }
}

const facades = await import('../src/facades/builds.mjs').then(
  (module) => module.default,
  (error) => (error.code === 'ERR_MODULE_NOT_FOUND' ? [] : Promise.reject(error)),
);
await rm(new URL('dist/', ROOT), { recursive: true, force: true });
const sizes = [];
for (const file of [...SDK, ...facades]) sizes.push(await one(file));
// The package is a module; what mini-programs and Node `require` lies in folders that are not.
await writeFile(new URL('dist/mini-program/package.json', ROOT), '{"type": "commonjs", "main": "index.js"}\n');
if (!process.argv.includes('--no-types')) {
  types();
  await nameWholeFiles(new URL('dist/types/', ROOT));
}
const report = sizes.map(({ file, bytes, gzip }) => ({ file, bytes, gzip }));
await writeFile(new URL('dist/sizes.json', ROOT), `${JSON.stringify(report, null, 2)}\n`);
for (const { file, bytes, gzip } of report) {
  console.log(`${file.padEnd(40)} ${(bytes / 1000).toFixed(1).padStart(7)} kB  ${(gzip / 1000).toFixed(1).padStart(6)} kB gzip`);
}
