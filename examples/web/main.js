// A room in a page: everything a small meeting needs, with the SDK and nothing else.
import { Client } from './lib/lianmai.js';

const at = (id) => document.getElementById(id);
const given = new URLSearchParams(location.hash.slice(1));
for (const [name, value] of given) if (at('enter').elements[name]) at('enter').elements[name].value = value;

let room = null;
let camera = null;
let screen = null;
let recording = null;

at('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  attempt(() => enter(Object.fromEntries(new FormData(at('enter')))));
});

async function enter({ gateway, token, room: id, nick }) {
  const client = new Client({ url: gateway, token });
  client.on('state', (state) => (at('connection').textContent = state));
  // A closed page leaves at once.
  addEventListener('pagehide', () => client.close());
  room = await client.join(id, { role: 'talker', nick });
  // For curious people with a console.
  window.lianmai = { client, room };
  at('enter').hidden = true;
  at('room').hidden = false;
  at('title').textContent = room.settings.name ?? room.id;
  for (const name of ['member_joined', 'member_left', 'member_updated', 'resync']) room.on(name, showMembers);
  room.on('left', ({ reason }) => out(reason));
  showMembers();
  room.subscribeAll((subscription) => {
    const { owner, kind } = room.streams.get(subscription.stream) ?? {};
    const element = tile(subscription.stream, `${nameOf(owner)}${kind === 'screen' ? ' (screen)' : ''}`);
    subscription.attach(element);
    subscription.on('ended', () => removeTile(subscription.stream));
  });
  camera = await room.publish();
  shows(camera, 'You');
  camera.on('switched', showSwitches);
  camera.on('problem', (error) => say(error.message));
  client.devices.on('changed', showDevices);
  showSwitches();
  await showDevices();
}

// Buttons ---------------------------------------------------------------------

on('microphone', () => camera.setAudio(!camera.audio));
on('camera', () => camera.setVideo(!camera.video));
on('screen', async () => {
  if (screen) return screen.unpublish();
  screen = await room.publish({ kind: 'screen' });
  shows(screen, 'Your screen');
  screen.on('ended', () => (screen = null));
});
on('mix', async () => {
  const { stream } = await room.mix.show();
  if (stream) await room.mix.stop();
  else await room.mix.start({ preset: 'grid' });
});
on('record', async () => {
  if (recording) await Promise.all(recording.map(({ id }) => room.recordings.stop(id)));
  recording = recording ? null : await room.recordings.start({ what: 'streams' });
  at('record').textContent = recording ? 'Stop recording' : 'Record';
});
on('leave', () => room.leave());
at('cameras').addEventListener('change', ({ target }) => attempt(() => camera.setCamera(target.value)));
at('microphones').addEventListener('change', ({ target }) => attempt(() => camera.setMicrophone(target.value)));

function on(id, act) {
  at(id).addEventListener('click', () => attempt(act));
}

async function attempt(act) {
  say('');
  try {
    await act();
  } catch (error) {
    say(`${error.message} (${error.code ?? error.name})`);
  }
}

// What is shown -----------------------------------------------------------------

function shows(publication, name) {
  const element = tile(publication.stream, name);
  element.muted = true;
  element.srcObject = publication.media;
  publication.on('ended', () => removeTile(publication.stream));
}

function tile(stream, name) {
  const figure = document.createElement('figure');
  figure.dataset.stream = stream;
  const video = Object.assign(document.createElement('video'), { autoplay: true, playsInline: true });
  const caption = Object.assign(document.createElement('figcaption'), { textContent: name });
  figure.append(video, caption);
  at('tiles').append(figure);
  return video;
}

function removeTile(stream) {
  at('tiles').querySelector(`figure[data-stream="${stream}"]`)?.remove();
}

function nameOf(member) {
  const found = room.members.get(member);
  return found ? found.nick || found.account : '';
}

function showMembers() {
  at('members').textContent = room.state.members.map(({ id }) => nameOf(id)).join(', ');
}

function showSwitches() {
  at('microphone').textContent = camera.audio ? 'Mute' : 'Unmute';
  at('camera').textContent = camera.video ? 'Camera off' : 'Camera on';
}

async function showDevices() {
  const devices = await window.lianmai.client.devices.list();
  for (const [id, kind] of [['cameras', 'camera'], ['microphones', 'microphone']]) {
    at(id).replaceChildren(...devices.filter((one) => one.kind === kind).map((one) => new Option(one.label, one.id)));
  }
}

function out(reason) {
  at('room').hidden = true;
  at('enter').hidden = false;
  at('tiles').replaceChildren();
  if (reason !== 'normal') say(`Out of the room: ${reason}`);
}

function say(text) {
  at('problem').textContent = text;
}
