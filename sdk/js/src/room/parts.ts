/** Mix, recordings and pushes of a room: commands and requests, nothing else. */
import type { RoomMix, RoomPushes, RoomRecordings } from '../types/room';
import type { Recording, RecordingList } from '../wire/openapi';
import type { RoomHost } from './host';

export function mixOf(host: RoomHost, room: string): RoomMix {
  return {
    start: (request = {}) => host.command('start_mix', { room, ...request }),
    show: () => host.command('show_mix', { room }),
    update: (request) => host.command('update_mix', { room, ...request }),
    stop: async () => void (await host.command('stop_mix', { room })),
    setMain: async (main) => void (await host.command('set_main_picture', { room, main })),
    setGain: async (member, gain) => void (await host.command('set_mix_gain', { room, member, ...gain })),
    soundUrls: (sound = 'others') => host.command('mix_pull_url', { room, sound }),
  };
}

/** Recordings are commanded over REST alone. */
export function recordingsOf({ rest }: RoomHost, room: string): RoomRecordings {
  const of = (recording: string) => `/v1/recordings/${encodeURIComponent(recording)}`;
  const act = (verb: string) => (recording: string) => rest.call<Recording>('POST', `${of(recording)}/${verb}`);
  return {
    start: async (request = {}) => {
      const path = `/v1/rooms/${encodeURIComponent(room)}/recordings`;
      return (await rest.call<RecordingList>('POST', path, { body: request })).recordings;
    },
    list: async (page = {}) => (await rest.call<RecordingList>('GET', '/v1/recordings', { query: { room, ...page } })).recordings,
    show: (recording) => rest.call('GET', of(recording)),
    pause: act('pause'),
    resume: act('resume'),
    split: act('split'),
    stop: act('stop'),
  };
}

export function pushesOf(host: RoomHost, room: string): RoomPushes {
  return {
    add: (push) => host.command('add_push', { room, ...push }),
    list: async () => (await host.command('list_pushes', { room })).pushes,
    show: (push) => host.command('show_push', { room, push }),
    remove: async (push) => void (await host.command('remove_push', { room, push })),
  };
}
