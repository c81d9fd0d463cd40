// One mini-program in this process. See README.md.
'use strict';
const { installDocument, installModules } = require('./env');

/**
 * Starts the mini-program in the folder `root`. `aliases`, `visible`: see env.js; `retryMs`: pause of the components between
 * reconnects; `number`: picture and tone of the first pusher.
 */
function launch({ root, aliases, visible, retryMs = 500, number = 0, query = {}, api = 'wx', before }) {
  installDocument();
  installModules({ root, aliases, visible });
  const notes = [];
  const { makeWx } = require('./wx');
  const { wx, acts } = makeWx(notes);
  global.wx = wx;
  const simulate = require('miniprogram-simulate');
  const renderer = require('j-component');
  const { installLive } = require('./live');
  const live = installLive((definition) => renderer.register(definition), { retryMs, number });
  const { Pages } = require('./pages');
  const pages = new Pages(root, simulate);
  Object.assign(global.wx, wx, live.contexts, pages.navigation());
  if (api !== 'wx') {
    // The same under another name, such as uni-app's.
    global[api] = global.wx;
  }
  before?.();
  pages.launch(query);
  return { pages, live, acts, notes, wx: global.wx };
}

module.exports = { launch };
