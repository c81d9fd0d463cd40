/** lianmai for browsers and Node. Mini-programs use the entry `mini-program`, which has the same names. */
import { BaseClient } from './client/client';
import { noDevices } from './devices/none';
import { webDevices } from './devices/web';
import { nodePlatform } from './platform/standard';
import { webPlatform } from './platform/web';
import { RtcEngine } from './rtc/engine';
import type { ClientOptions } from './types/client';

/**
 * The connection to a gateway. WebRTC carries media in browsers; elsewhere streams are pushed and pulled by URL.
 *
 * ```ts
 * const client = new Client({ url: 'https://live.example.com', tokenProvider: () => fetchToken() });
 * const room = await client.join('standup', { role: 'talker', nick: 'Ann' });
 * const mine = await room.publish();
 * room.subscribeAll((theirs) => theirs.attach(newVideoElement()));
 * ```
 */
export class Client extends BaseClient {
  constructor(options: ClientOptions) {
    super(options, {
      platform: () => (typeof document === 'undefined' ? nodePlatform() : webPlatform()),
      makeEngine: (room) => new RtcEngine(room),
      makeDevices: (platform) => (platform.media ? webDevices(platform.media) : noDevices()),
    });
  }
}

export { nodePlatform } from './platform/standard';
export type { NodePlatformOptions } from './platform/standard';
export { webPlatform } from './platform/web';
export * from './types';
