// The tags `live-pusher` and `live-player` with their contexts: attributes, start and stop, and the codes of `statechange`
// that apps react to (docs/mini-program.md). Three reconnects, then the component gives up (-1307, -2301).
'use strict';
const ffmpeg = require('./ffmpeg');
const { settle } = require('./wx');

const RETRIES = 3;
const COLOURS = ['red', 'lime', 'blue', 'yellow', 'magenta', 'cyan'];

/** Properties that pages set; those that do nothing here are taken all the same. */
const PUSHER = {
  url: String, mode: String, autopush: Boolean, muted: Boolean, enableCamera: { type: Boolean, value: true }, enableMic: { type: Boolean, value: true },
  autoFocus: Boolean, orientation: String, aspect: String, beauty: Number, whiteness: Number, minBitrate: Number, maxBitrate: Number,
  waitingImage: String, waitingImageHash: String, zoom: Boolean, devicePosition: String, backgroundMute: Boolean, mirror: Boolean,
  remoteMirror: Boolean, localMirror: String, audioQuality: String, audioVolumeType: String, audioReverbType: Number, debug: Boolean,
  videoWidth: Number, videoHeight: Number, beautyStyle: String, filter: String, enableAgc: Boolean, enableAns: Boolean,
};
const PLAYER = {
  src: String, mode: String, autoplay: Boolean, muted: Boolean, orientation: String, objectFit: String, backgroundMute: Boolean, minCache: Number,
  maxCache: Number, soundMode: String, autoPauseIfNavigate: Boolean, autoPauseIfOpenNative: Boolean, debug: Boolean, pictureInPictureMode: null,
};

/** What both components have: codes, retries, a record for tests. */
class Live {
  constructor(kind, component, settings) {
    this.kind = kind;
    this.component = component;
    this.settings = settings;
    this.codes = [];
    this.wanted = false;
    this.child = null;
    this.tries = 0;
    this.attached = true;
  }

  get data() {
    return this.component.data;
  }

  get id() {
    return this.component._exparserNode.id;
  }

  state(code, message = '') {
    this.codes.push(code);
    // Not in the middle of the change of the page that caused it.
    setImmediate(() => this.attached && this.component.triggerEvent('statechange', { code, message }));
  }

  start() {
    this.wanted = true;
    this.tries = 0;
    if (!this.child) this.run();
  }

  /** Resolves when the connection is closed. */
  stop() {
    this.wanted = false;
    clearTimeout(this.timer);
    const { child } = this;
    if (!child) return Promise.resolve();
    const gone = new Promise((done) => child.once('close', done));
    child.kill('SIGINT');
    const kill = setTimeout(() => child.kill('SIGKILL'), 2_000);
    return gone.finally(() => clearTimeout(kill));
  }

  detach() {
    this.attached = false;
    return this.stop();
  }

  /** The connection is gone without our doing. */
  broke(lost, gaveUp) {
    this.tries += 1;
    if (this.tries > RETRIES) {
      this.wanted = false;
      return this.state(gaveUp, 'gave up');
    }
    this.state(lost, 'reconnecting');
    this.timer = setTimeout(() => this.wanted && !this.child && this.run(), this.settings.retryMs);
  }
}

class Pusher extends Live {
  constructor(component, settings) {
    super('live-pusher', component, settings);
    this.colour = COLOURS[settings.number % COLOURS.length];
    this.tone = 400 + 100 * (settings.number % 8);
    this.pushes = 0;
  }

  run() {
    const { url, enableCamera, enableMic, muted } = this.data;
    this.running = { enableCamera, enableMic, muted };
    if (enableCamera) this.state(1003, 'camera opened');
    const source = { url, camera: enableCamera, microphone: enableMic, muted, width: 240, height: 320, colour: this.colour, tone: this.tone };
    let connected = false;
    this.child = ffmpeg.push(source, {
      onConnected: () => {
        connected = true;
        this.tries = 0;
        this.pushes += 1;
        this.state(1001, 'connected');
        this.state(1008, 'encoder started');
        this.state(1002, 'pushing');
      },
      onExit: ({ said }) => {
        this.child = null;
        if (!this.wanted) return;
        if (this.restarts) {
          this.restarts = false;
          return this.run();
        }
        if (/Server error|Publish|already|denied/i.test(said)) this.state(3004, 'the server closed');
        else this.state(connected ? 3005 : 3002, connected ? 'write failed' : 'connect failed');
        this.broke(1102, -1307);
      },
    });
  }

  /** A switch while it pushes: the push begins anew with it. */
  changed() {
    const { enableCamera, enableMic, muted } = this.data;
    const now = this.running;
    if (!this.child || (now.enableCamera === enableCamera && now.enableMic === enableMic && now.muted === muted)) return;
    this.restarts = true;
    this.child.kill('SIGINT');
  }

  report() {
    const { kind, id, data, codes, pushes, colour } = this;
    return { kind, id, url: data.url, running: this.child !== null, codes, pushes, colour, camera: data.enableCamera, muted: data.muted };
  }
}

class Player extends Live {
  constructor(component, settings) {
    super('live-player', component, settings);
    Object.assign(this, { frames: 0, sounds: 0, loudness: 0, colour: null, size: null, plays: 0 });
  }

  run() {
    const url = this.data.src;
    let [playing, opened] = [false, false];
    const begin = () => {
      if (playing) return;
      playing = true;
      this.tries = 0;
      this.plays += 1;
      this.state(2003, 'first packet');
      this.state(2004, 'playing');
    };
    this.state(2007, 'loading');
    this.child = ffmpeg.pull({ url }, {
      onOpen: () => {
        opened = true;
        this.state(2001, 'connected');
        this.state(2002, 'pulling');
      },
      onSize: (width, height) => {
        this.size = [width, height];
        this.state(2009, `${width}x${height}`);
      },
      onPicture: (colour) => {
        this.frames += 1;
        this.colour = colour;
        begin();
      },
      onSound: (loudness) => {
        this.sounds += 1;
        this.loudness = loudness;
        begin();
      },
      onExit: () => {
        this.child = null;
        if (!this.wanted) return;
        if (!opened) this.state(3002, 'connect failed');
        this.broke(2103, -2301);
      },
    });
  }

  report() {
    const { kind, id, data, codes, plays, frames, sounds, loudness, colour, size } = this;
    return { kind, id, url: data.src, running: this.child !== null, codes, plays, frames, sounds, loudness, colour, size, muted: data.muted };
  }
}

/** Registers the tags with the renderer; the contexts come back, to be put into `wx`, and what tests look at. */
function installLive(register, settings) {
  const all = new Set();
  const define = (tag, properties, make, url, auto) => {
    register({
      id: tag,
      tagName: `wx-${tag}`,
      template: '<slot/>',
      properties,
      lifetimes: {
        attached() {
          this.live = make(this);
          all.add(this.live);
          if (this.data[auto] && this.data[url]) this.live.start();
        },
        detached() {
          all.delete(this.live);
          void this.live.detach();
        },
      },
      observers: {
        // An automatic component starts when it learns its address; another address while it runs changes nothing.
        [url](value) {
          if (this.live && value && this.data[auto] && !this.live.wanted) this.live.start();
        },
        'enableCamera, enableMic, muted'() {
          this.live?.changed?.();
        },
      },
    });
  };
  define('live-pusher', PUSHER, (component) => new Pusher(component, settings), 'url', 'autopush');
  define('live-player', PLAYER, (component) => new Player(component, settings), 'src', 'autoplay');

  const found = (kind, id) => [...all].filter((live) => live.kind === kind && (id === undefined || live.id === id)).pop();
  const method = (find, act) => (options = {}) =>
    settle({ fail: () => undefined, ...options }, async () => {
      const live = find();
      if (!live) throw new Error('operateLive:fail no such component');
      return (await act(live)) ?? { errMsg: 'operateLive:ok' };
    });
  const contexts = {
    createLivePusherContext() {
      const on = (act) => method(() => found('live-pusher'), act);
      const start = on((live) => {
        if (!live.data.url) throw new Error('operateLivePusher:fail no url');
        live.start();
      });
      const stop = on((live) => live.stop());
      const nothing = on(() => undefined);
      return {
        start, stop, pause: stop, resume: start, switchCamera: nothing, toggleTorch: nothing, startPreview: nothing, stopPreview: nothing,
        playBGM: nothing, stopBGM: nothing, setBGMVolume: nothing, setMICVolume: nothing, sendMessage: nothing,
        snapshot: on(() => ({ tempImagePath: 'wxfile://snapshot.jpg', width: 240, height: 320 })),
      };
    },
    createLivePlayerContext(id) {
      const on = (act) => method(() => found('live-player', id), act);
      const play = on((live) => {
        if (!live.data.src) throw new Error('operateLivePlayer:fail no src');
        live.start();
      });
      const stop = on((live) => live.stop());
      const nothing = on(() => undefined);
      return {
        play, stop, pause: stop, resume: play, mute: nothing, requestFullScreen: nothing, exitFullScreen: nothing,
        exitPictureInPicture: nothing, snapshot: on(() => ({ tempImagePath: 'wxfile://snapshot.jpg' })),
      };
    },
  };
  return {
    contexts,
    reports: () => [...all].map((live) => live.report()),
    /** Ends a component's connection as a bad network does; with `giveUp`, without its retries. */
    breakLive: (kind, id, giveUp) => {
      const live = found(kind, id);
      if (!live) throw new Error(`no ${kind}`);
      if (giveUp) live.tries = RETRIES;
      live.child?.kill('SIGKILL');
    },
    stopAll: () => Promise.all([...all].map((live) => live.stop())),
  };
}

module.exports = { installLive };
