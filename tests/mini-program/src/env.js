// What pages expect around them: a document for the renderer, which page code itself does not see, and modules that are
// compiled as the developer tools do it.
'use strict';
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { JSDOM } = require('jsdom');
const { transformSync } = require('esbuild');

/** Globals of browsers and Node that mini-programs do not have. */
const HIDDEN = [
  'window', 'document', 'navigator', 'location', 'self', 'globalThis', 'global', 'process', 'Buffer', 'XMLHttpRequest', 'fetch',
  'WebSocket', 'RTCPeerConnection', 'MediaStream', 'URL', 'URLSearchParams', 'AbortController', 'AbortSignal', 'TextEncoder',
  'TextDecoder', 'Blob', 'FormData', 'Headers', 'Request', 'Response', 'Event', 'EventTarget', 'CustomEvent', 'crypto',
  'atob', 'btoa', 'queueMicrotask', 'structuredClone', 'performance', 'localStorage', 'sessionStorage', 'MutationObserver',
];

/** Gives the renderer its document. Before anything of it is loaded. */
function installDocument() {
  const { window } = new JSDOM('<!doctype html><body></body>', { pretendToBeVisual: true });
  const names = ['document', 'HTMLElement', 'Element', 'Node', 'Text', 'Event', 'CustomEvent', 'MutationObserver'];
  global.window = window;
  for (const name of names) global[name] = window[name];
}

/**
 * Files under `root` are compiled when they are loaded: `import` and `export` work, and none of the hidden globals is
 * seen, unless `visible` names it. `aliases` maps the end of a required path (`lib/sdk`) to a file.
 */
function installModules({ root, aliases = {}, visible = [] }) {
  const hidden = HIDDEN.filter((name) => !visible.includes(name));
  const ours = [path.resolve(root), ...Object.values(aliases).map((file) => path.resolve(file))];
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (request, parent, ...more) {
    for (const [end, file] of Object.entries(aliases)) {
      if (request === end || request.replace(/\.js$/, '').endsWith(`/${end}`)) return path.resolve(file);
    }
    // `/utils/x` is a path in the mini-program.
    const isOurs = parent?.filename && ours.some((place) => parent.filename.startsWith(place));
    if (isOurs && request.startsWith('/') && !fs.existsSync(request)) return resolve.call(this, path.join(root, request), parent, ...more);
    return resolve.call(this, request, parent, ...more);
  };
  const load = Module._extensions['.js'];
  Module._extensions['.js'] = function (module, file) {
    if (!ours.some((place) => file.startsWith(place)) || file.includes('/node_modules/')) return load(module, file);
    const source = fs.readFileSync(file, 'utf8');
    const isModule = /^\s*(import|export)\b/m.test(source);
    const code = isModule ? transformSync(source, { format: 'cjs', target: 'es2017' }).code : source;
    module._compile(`(function (${hidden.join(', ')}) {${code}\n}).call(this);`, file);
  };
}

module.exports = { installDocument, installModules };
