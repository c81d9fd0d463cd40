// What a test may ask of this page. Every method takes one object and gives plain values.
import { colours, look } from './look.js';
import { Peer, within } from './peer.js';
import { Socket } from './socket.js';
import { open } from './sources.js';

const peers = new Map();
const resources = new Map();
let socket = null;

function peer(name) {
  const found = peers.get(name);
  if (!found) throw new Error(`no peer ${name}`);
  return found;
}

function make(name, how) {
  peers.get(name)?.close();
  const made = new Peer(name, how);
  peers.set(name, made);
  return made;
}

/** An offer by WHIP or WHEP; a refusal throws with status and code. */
async function post(url, offer, bearer) {
  const headers = { 'content-type': 'application/sdp', ...(bearer ? { authorization: `Bearer ${bearer}` } : {}) };
  const answer = await fetch(url, { method: 'POST', headers, body: offer });
  const sdp = await answer.text();
  if (answer.status !== 201) throw new Error(`refused: ${answer.status} ${sdp.slice(0, 300)}`);
  const location = new URL(answer.headers.get('location'), url).href;
  return { sdp, location, etag: answer.headers.get('etag'), link: answer.headers.get('link') };
}

async function byUrl(name, url, bearer, offer, answer) {
  const made = peer(name);
  const resource = await made.negotiate((sdp) => post(url, sdp, bearer), change(offer), onlyOver(answer));
  resources.set(name, resource);
  return resource;
}

/** Changes of an offer that a test can ask for. */
function change({ fingerprint }) {
  return (sdp) => {
    if (!fingerprint) return sdp;
    return sdp.replace(/(a=fingerprint:sha-256 )\S+/g, `$1${fingerprint}`);
  };
}

/** Leaves only the candidates of this transport in an answer: the others are what a firewall keeps out. */
function onlyOver({ transport }) {
  if (!transport) return (sdp) => sdp;
  const kept = (line) => !line.startsWith('a=candidate:') || line.split(' ')[2].toLowerCase() === transport;
  return (sdp) => sdp.split('\r\n').filter(kept).join('\r\n');
}

/** An offer over the socket, for the lines that the peer has now. */
async function overSocket(name, op, { room, ...more }) {
  const made = peer(name);
  const ask = async (offer) => {
    const lines = made.lines.map(({ transceiver, stream }) => ({ mid: transceiver.mid, stream }));
    const fields = { room, offer, lines, ...more, ...(made.id ? { peer: made.id } : {}) };
    const result = await socket.done(op, fields);
    made.id = result.peer;
    return { sdp: result.answer, ...result };
  };
  return made.negotiate(ask);
}

window.rtc = {
  /** Publishes a source by WHIP and waits until it is connected. */
  async publish({ name, url, bearer, source, wait = true, connection, offer = {}, answer = {}, ...how }) {
    const made = make(name, { ...connection, encodedInsertableStreams: Boolean(how.mangle) });
    made.send(await open(source), '', how);
    const resource = await byUrl(name, url, bearer, offer, answer);
    if (wait) await made.connected();
    return { location: resource.location, etag: resource.etag, link: resource.link };
  },

  /** Plays by WHEP. Milliseconds from the answer to the first picture are in `first`, if it is waited for. */
  async play({ name, url, bearer, wait = true, connection, offer = {}, answer = {}, ...what }) {
    const made = make(name, connection);
    made.receive('', what);
    const asked = performance.now();
    const resource = await byUrl(name, url, bearer, offer, answer);
    const took = made.answered - asked;
    if (wait) await made.connected();
    const first = wait && what.video !== false ? await made.firstPicture() : null;
    return { location: resource.location, etag: resource.etag, answer: took, first };
  },

  /** Which layer of a stream a connection of the room gets: 'auto', 'high', 'low' or 'audio_only'. */
  async layer({ name, stream, layer }) {
    const made = peer(name);
    const { transceiver } = made.lines.find((line) => line.stream === stream && line.kind === 'video');
    await socket.done('webrtc_layer', { peer: made.id, mid: transceiver.mid, layer });
    return null;
  },

  /** What a connection would be reached at, and what servers refused: {candidates: [type], errors: [code]}. */
  async gather({ connection, ms }) {
    const pc = new RTCPeerConnection(connection);
    const found = { candidates: [], errors: [] };
    pc.createDataChannel('none');
    pc.onicecandidate = ({ candidate }) => candidate?.type && found.candidates.push(candidate.type);
    pc.onicecandidateerror = ({ errorCode }) => found.errors.push(errorCode);
    const done = new Promise((done) => {
      pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done();
    });
    await pc.setLocalDescription();
    await within('all candidates', done, ms);
    pc.close();
    return found;
  },

  /** Opens a signalling session. */
  async socket({ url }) {
    socket = await Socket.open(url);
    return null;
  },

  async ask({ op, ...fields }) {
    return socket.ask(op, fields);
  },

  async events() {
    return socket.events;
  },

  /** Publishes streams of the room on one connection: [{stream, source, …}]. More may be added later. */
  async roomPublish({ name, room, streams }) {
    const made = peers.get(name) ?? make(name);
    for (const { stream, source, ...how } of streams) made.send(await open(source), stream, how);
    const { answer: _, ...rest } = await overSocket(name, 'webrtc_publish', { room });
    await made.connected();
    return rest;
  },

  /** Plays streams of the room on one connection. More may be added later, others taken away. */
  async roomSubscribe({ name, room, streams = [], without = [] }) {
    const made = peers.get(name) ?? make(name);
    streams.forEach((stream) => made.receive(stream, {}));
    without.forEach((stream) => made.take(stream));
    const { answer: _, ...rest } = await overSocket(name, 'webrtc_subscribe', { room });
    await made.connected();
    return rest;
  },

  async stats({ name }) {
    return peer(name).stats();
  },

  /** Sizes and positions of what is played. */
  async playing({ name }) {
    return [...peer(name).videos].map(([stream, video]) => ({
      stream,
      width: video.videoWidth,
      height: video.videoHeight,
      time: video.currentTime,
      frames: video.getVideoPlaybackQuality().totalVideoFrames,
    }));
  },

  /** Watches one stream; see look.js. */
  async look({ name, stream = '', ms, audio = true }) {
    const { videos, audios } = peer(name);
    const track = audio ? audios.get(stream)?.srcObject.getAudioTracks()[0] : null;
    return look(videos.get(stream), track, ms);
  },

  /** Sends another size, rotation or rate of pictures made here. */
  async change({ name, ...how }) {
    peer(name).sources.forEach((source) => source.change(how));
    return null;
  },

  /** Switches a track off and on as a camera or microphone button does: 'enabled' mutes it, 'track' takes it away. */
  async button({ name, stream = '', kind, on, how = 'enabled' }) {
    const { senders, sources } = peer(name);
    const sender = senders[stream][kind];
    const track = sources.find((source) => source[kind])[kind];
    if (how === 'enabled') track.enabled = on;
    else await sender.replaceTrack(on ? track : null);
    return null;
  },

  /** Waits for the end of a connection: when, in milliseconds since the epoch, and how. */
  async ended({ name, ms }) {
    const { states } = peer(name);
    const until = performance.now() + ms;
    for (;;) {
      const end = states.find(({ state }) => ['failed', 'disconnected', 'closed', 'goodbye'].includes(state));
      if (end) return end;
      if (performance.now() > until) throw new Error(`${name} has not ended: ${JSON.stringify(states)}`);
      await new Promise((done) => setTimeout(done, 10));
    }
  },

  /** Ends a connection: by DELETE, or as a closed tab does. */
  async end({ name, politely = true }) {
    const resource = resources.get(name);
    const status = politely && resource ? (await fetch(resource.location, { method: 'DELETE' })).status : null;
    peer(name).close();
    peers.delete(name);
    return status;
  },

  /** Plays and ends again, so many times; every eighth leaves without a word. */
  async cycles({ url, count, parallel = 4 }) {
    let left = count;
    const each = async (_, line) => {
      while (left > 0) {
        left -= 1;
        const [name, politely] = [`cycle-${line}`, left % 8 !== 0];
        await window.rtc.play({ name, url });
        await window.rtc.end({ name, politely });
      }
    };
    await Promise.all(Array.from({ length: parallel }, each));
    return null;
  },

  async colours({ png, at }) {
    return colours(png, at);
  },

  /** Looks at a source itself: what the measurement adds. */
  async self({ source, ms }) {
    const { video: track, audio } = await open(source);
    const video = document.createElement('video');
    Object.assign(video, { autoplay: true, muted: true, srcObject: new MediaStream([track]) });
    document.body.append(video);
    const seen = await look(video, audio, ms);
    video.remove();
    return seen;
  },

  /** Both ends in this page: what the browser itself adds to a measurement. */
  async loop({ name, source, codecs, ms }) {
    const made = make(name);
    made.send(await open(source), '', { videoCodecs: codecs });
    const far = make(`${name}-far`);
    made.pc.onicecandidate = ({ candidate }) => candidate && far.pc.addIceCandidate(candidate);
    far.pc.onicecandidate = ({ candidate }) => candidate && made.pc.addIceCandidate(candidate);
    await made.negotiate(async (sdp) => {
      await far.pc.setRemoteDescription({ type: 'offer', sdp });
      await far.pc.setLocalDescription();
      return { sdp: far.pc.localDescription.sdp };
    });
    await far.connected();
    return window.rtc.look({ name: far.name, ms });
  },
};
