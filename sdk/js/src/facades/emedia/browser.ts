/** The script that takes the place of the browser's `EMedia_sdk.js`: `emedia` as a global and as exports. */
import { Client } from '../../index';
import { EXIT, RESULT } from './constants';
import { getRtcId } from './names';
import { WebManager } from './web';

export const mgr = new WebManager((options) => new Client(options));

function configure(changes: Record<string, unknown>): void {
  Object.assign(config, changes);
  const host = changes['apiURL'] ?? changes['restPrefix'];
  if (typeof host === 'string') mgr.setHost(host);
}

export const config = Object.assign(configure, { liveCfgs: mgr.liveCfgs });
export const event = { EXIT, RESULT };
export const util = { getRtcId };
