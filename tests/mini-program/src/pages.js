// App, pages and the way between them.
'use strict';
const path = require('node:path');
const { settle } = require('./wx');

/** Methods of a page that the platform calls. */
const LIFECYCLE = ['onLoad', 'onReady', 'onShow', 'onHide', 'onUnload'];

/** Pages are rendered as components whose methods are the page's functions; everything else is a field of `this`. */
function definePage(options) {
  const methods = {};
  const fields = {};
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'function') methods[name] = value;
    else if (name !== 'data') fields[name] = value;
  }
  const created = function () {
    Object.assign(this, fields);
  };
  return { data: options.data ?? {}, methods, lifetimes: { created } };
}

class Pages {
  /** `root`: the folder that holds `app.json`. */
  constructor(root, simulate) {
    this.root = path.resolve(root);
    this.simulate = simulate;
    this.stack = [];
    this.app = null;
    global.Page = (options) => global.Component(definePage(options));
    global.App = (options) => (this.app = Object.assign(Object.create(null), options));
    global.getApp = () => this.app;
    global.getCurrentPages = () => this.stack.map(({ page }) => page.instance);
  }

  /** Runs `app.js`, if there is one. */
  launch(query) {
    require(path.join(this.root, 'app.js'));
    this.app?.onLaunch?.({ path: '', query, scene: 1001 });
    this.app?.onShow?.({ path: '', query, scene: 1001 });
  }

  open(url, query = {}) {
    const { route, parameters } = this.parse(url);
    this.call(this.top, 'onHide');
    const id = this.simulate.load(path.join(this.root, route), 'page', { rootPath: this.root, compiler: 'official' });
    const page = this.simulate.render(id);
    const parent = global.document.createElement('div');
    global.document.body.append(parent);
    page.instance.route = route;
    page.instance.options = { ...parameters, ...query };
    this.stack.push({ page, parent, route });
    page.attach(parent);
    this.call(this.top, 'onLoad', page.instance.options);
    this.call(this.top, 'onShow');
    this.call(this.top, 'onReady');
    return page;
  }

  back() {
    const { page, parent } = this.stack.pop();
    this.call({ page }, 'onUnload');
    page.detach();
    parent.remove();
    if (this.stack.length > 0) this.call(this.top, 'onShow');
  }

  get top() {
    return this.stack[this.stack.length - 1];
  }

  call(entry, name, ...args) {
    if (entry && LIFECYCLE.includes(name)) entry.page.instance[name]?.(...args);
  }

  /** `/pages/a/a?b=c` or `../a/a`, as a path from the root. */
  parse(url) {
    const [place, query = ''] = url.split('?');
    const from = this.top ? path.dirname(`/${this.top.route}`) : '/';
    const route = path.posix.resolve(from, place).slice(1);
    return { route, parameters: Object.fromEntries(new URLSearchParams(query)) };
  }

  /** The functions of `wx` that go from page to page. */
  navigation() {
    const later = (act) => (options = {}) =>
      settle({ fail: () => undefined, ...options }, () => {
        act(options);
        return {};
      });
    const leaveAll = () => {
      while (this.stack.length > 0) this.back();
    };
    return {
      navigateTo: later(({ url }) => this.open(url)),
      redirectTo: later(({ url }) => {
        const { route, parameters } = this.parse(url);
        this.back();
        this.open(`/${route}`, parameters);
      }),
      reLaunch: later(({ url }) => {
        leaveAll();
        this.open(url);
      }),
      switchTab: later(({ url }) => {
        leaveAll();
        this.open(url);
      }),
      navigateBack: later(({ delta = 1 }) => {
        for (let n = 0; n < delta && this.stack.length > 1; n += 1) this.back();
      }),
    };
  }
}

module.exports = { Pages };
