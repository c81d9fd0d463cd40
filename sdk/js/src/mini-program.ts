/** lianmai for mini-programs: no WebRTC; streams are pushed with `live-pusher` and pulled with `live-player`. */
import { BaseClient } from './client/client';
import { noDevices } from './devices/none';
import { miniProgramPlatform } from './platform/mini-program';
import type { ClientOptions } from './types/client';

/**
 * The connection to a gateway.
 *
 * ```js
 * const client = new Client({ url: 'https://live.example.com', tokenProvider: fetchToken })
 * const room = await client.join('standup', { role: 'talker', nick: 'Ann' })
 * const mine = await room.publish()              // mine.url → <live-pusher url>, its codes → mine.report(code)
 * room.subscribeAll((theirs) => show(theirs))    // theirs.url → <live-player src>, its codes → theirs.report(code)
 * ```
 */
export class Client extends BaseClient {
  constructor(options: ClientOptions) {
    super(options, { platform: () => miniProgramPlatform(), makeDevices: noDevices });
  }
}

export { miniProgramPlatform } from './platform/mini-program';
export type { MiniProgramApi } from './platform/mini-program';
export * from './types';
