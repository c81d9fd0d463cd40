// The global `wx`: real requests, real sockets, storage in memory; what only shows something is noted.
'use strict';
const http = require('node:http');
const https = require('node:https');
const { WebSocket } = require('ws');

/** Calls back as the platform does: `success` or `fail`, then `complete`; a promise where there is no callback. */
function settle(options, run) {
  const { success, fail, complete } = options ?? {};
  const hasCallback = success || fail || complete;
  const done = Promise.resolve()
    .then(run)
    .then(
      (result) => {
        success?.(result);
        complete?.(result);
        return result;
      },
      (error) => {
        const failure = { errMsg: String(error?.errMsg ?? error?.message ?? error) };
        fail?.(failure);
        complete?.(failure);
        if (!hasCallback) throw failure;
        return undefined;
      },
    );
  return hasCallback ? undefined : done;
}

function request(options) {
  const { url, method = 'GET', data, header = {}, dataType = 'json', timeout = 60_000 } = options;
  let sent;
  const ask = () =>
    new Promise((done, failed) => {
      const target = new URL(url);
      const headers = Object.fromEntries(Object.entries(header).map(([name, value]) => [name.toLowerCase(), String(value)]));
      let body = null;
      if (data !== undefined && data !== null && method === 'GET') {
        for (const [name, value] of Object.entries(typeof data === 'object' ? data : {})) target.searchParams.set(name, value);
      } else if (data !== undefined && data !== null) {
        headers['content-type'] ??= 'application/json';
        const form = headers['content-type'].includes('x-www-form-urlencoded');
        body = typeof data === 'string' ? data : form ? new URLSearchParams(data).toString() : JSON.stringify(data);
        headers['content-length'] = String(Buffer.byteLength(body));
      }
      const { request: ask } = target.protocol === 'https:' ? https : http;
      sent = ask(target, { method, headers, timeout }, (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('error', () => failed(new Error('request:fail')));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          done({ statusCode: answer.statusCode, data: dataType === 'json' ? parsed(text) : text, header: answer.headers, cookies: [], errMsg: 'request:ok' });
        });
      });
      sent.on('timeout', () => sent.destroy(new Error('request:fail timeout')));
      sent.on('error', (error) => failed(new Error(error.message.startsWith('request:') ? error.message : `request:fail ${error.message}`)));
      sent.end(body ?? undefined);
    });
  settle({ fail: () => undefined, ...options }, ask);
  return { abort: () => sent?.destroy(new Error('request:fail abort')), onHeadersReceived() {}, offHeadersReceived() {} };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One connection: `SocketTask`. */
class SocketTask {
  constructor({ url, header, protocols }) {
    this.listeners = { open: [], message: [], close: [], error: [] };
    this.readyState = 0;
    this.socket = new WebSocket(url, protocols ?? [], { headers: header });
    this.socket.on('open', () => {
      this.readyState = 1;
      this.tell('open', { header: {} });
    });
    this.socket.on('message', (data, isBinary) => this.tell('message', { data: isBinary ? toArrayBuffer(data) : data.toString('utf8') }));
    this.socket.on('error', (error) => this.tell('error', { errMsg: error.message }));
    this.socket.on('close', (code, reason) => {
      this.readyState = 3;
      this.tell('close', { code, reason: reason.toString() });
    });
  }

  tell(name, event) {
    for (const listener of this.listeners[name]) listener(event);
  }

  onOpen(listener) {
    this.listeners.open.push(listener);
  }

  onMessage(listener) {
    this.listeners.message.push(listener);
  }

  onClose(listener) {
    this.listeners.close.push(listener);
  }

  onError(listener) {
    this.listeners.error.push(listener);
  }

  send(options) {
    return settle({ fail: () => undefined, ...options }, () => {
      if (this.readyState !== 1) throw new Error('sendSocketMessage:fail:not connected');
      this.socket.send(options.data);
      return { errMsg: 'sendSocketMessage:ok' };
    });
  }

  close(options = {}) {
    const { code = 1000, reason = '' } = options;
    this.readyState = 2;
    this.socket.close(code, reason);
    return settle({ fail: () => undefined, ...options }, () => ({ errMsg: 'closeSocket:ok' }));
  }
}

function toArrayBuffer(data) {
  return data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
}

/** Everything of `wx` but live components and pages. `notes` gets what is only shown. */
function makeWx(notes) {
  const storage = new Map();
  const tasks = [];
  const legacy = { open: [], message: [], close: [], error: [] };
  const network = new Set();
  const shows = new Set();
  const show = (what) => (options) => {
    notes.push({ what, title: options?.title ?? options?.content ?? '' });
    return settle({ fail: () => undefined, ...options }, () => ({ confirm: true, cancel: false, tapIndex: 0, errMsg: `${what}:ok` }));
  };
  const fine = (result = {}) => (options) => settle(options ?? {}, () => result);
  const system = () => ({
    SDKVersion: '3.5.0', version: '8.0.50', platform: 'devtools', system: 'Android 13', model: 'simulator', brand: 'test', language: 'zh_CN',
    pixelRatio: 2, windowWidth: 375, windowHeight: 667, screenWidth: 375, screenHeight: 667, statusBarHeight: 20, benchmarkLevel: 30,
  });
  const wx = {
    request,
    connectSocket(options) {
      const task = new SocketTask(options);
      tasks.push(task);
      for (const name of Object.keys(legacy)) {
        task.listeners[name].push((event) => {
          if (tasks[tasks.length - 1] === task) for (const listener of legacy[name]) listener(event);
        });
      }
      settle({ fail: () => undefined, ...options }, () => ({ errMsg: 'connectSocket:ok' }));
      return task;
    },
    onSocketOpen: (listener) => void legacy.open.push(listener),
    onSocketMessage: (listener) => void legacy.message.push(listener),
    onSocketClose: (listener) => void legacy.close.push(listener),
    onSocketError: (listener) => void legacy.error.push(listener),
    sendSocketMessage: (options) => tasks[tasks.length - 1]?.send(options),
    closeSocket: (options) => tasks[tasks.length - 1]?.close(options),
    setStorageSync: (key, value) => void storage.set(key, JSON.stringify(value)),
    getStorageSync: (key) => (storage.has(key) ? JSON.parse(storage.get(key)) : ''),
    removeStorageSync: (key) => void storage.delete(key),
    clearStorageSync: () => storage.clear(),
    setStorage: (options) => settle(options, () => void storage.set(options.key, JSON.stringify(options.data))),
    getStorage: (options) =>
      settle(options, () => {
        if (!storage.has(options.key)) throw new Error('getStorage:fail data not found');
        return { data: JSON.parse(storage.get(options.key)) };
      }),
    removeStorage: (options) => settle(options, () => void storage.delete(options.key)),
    getSystemInfoSync: system,
    getSystemInfo: (options) => settle(options, system),
    getDeviceInfo: system,
    getWindowInfo: system,
    getAppBaseInfo: system,
    getAccountInfoSync: () => ({ miniProgram: { appId: 'wx0000000000000000', envVersion: 'develop', version: '' } }),
    getNetworkType: fine({ networkType: 'wifi' }),
    onNetworkStatusChange: (tell) => void network.add(tell),
    offNetworkStatusChange: (tell) => void network.delete(tell),
    onAppShow: (tell) => void shows.add(tell),
    offAppShow: (tell) => void shows.delete(tell),
    onAppHide() {},
    offAppHide() {},
    onError() {},
    onMemoryWarning() {},
    canIUse: () => true,
    nextTick: (run) => void Promise.resolve().then(run),
    getSetting: fine({ authSetting: { 'scope.camera': true, 'scope.record': true } }),
    authorize: fine(),
    openSetting: fine({ authSetting: { 'scope.camera': true, 'scope.record': true } }),
    login: fine({ code: 'code' }),
    setKeepScreenOn: fine(),
    getLogManager: () => ({ log() {}, info() {}, warn() {}, debug() {} }),
    getRealtimeLogManager: () => ({ info() {}, warn() {}, error() {}, setFilterMsg() {} }),
    setNavigationBarTitle: fine(),
    setClipboardData: fine(),
    vibrateShort: fine(),
    vibrateLong: fine(),
    stopPullDownRefresh: fine(),
    hideLoading: fine(),
    hideToast: fine(),
    showToast: show('showToast'),
    showLoading: show('showLoading'),
    showModal: show('showModal'),
    showActionSheet: show('showActionSheet'),
    env: { USER_DATA_PATH: '/tmp' },
  };
  /** What a test does to the network or the app. */
  const acts = {
    network: (isConnected) => network.forEach((tell) => tell({ isConnected, networkType: isConnected ? 'wifi' : 'none' })),
    show: () => shows.forEach((tell) => tell({})),
    /** Cuts all sockets without a word. */
    cut: () => tasks.forEach((task) => task.socket.terminate()),
  };
  return { wx, acts };
}

module.exports = { makeWx, settle };
