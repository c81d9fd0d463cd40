/**
 * The script that takes the place of `emedia_for_miniProgram.js`: it has `emedia` as `module.exports`, and puts it where apps
 * look for it (`wx.emedia`, or the same of `uni`).
 */
import { Client } from '../../mini-program';
import { EXIT, RESULT } from './constants';
import { MiniManager } from './mini';
import { getRtcId } from './names';
import { xService } from './xservice';

interface Api {
  emedia?: unknown;
  WebIM?: { conn?: { context?: { accessToken?: unknown; jid?: unknown } } };
}

declare const wx: Api | undefined;
declare const uni: Api | undefined;

const api = typeof wx !== 'undefined' ? wx : typeof uni !== 'undefined' ? uni : undefined;
export const mgr = new MiniManager((options) => new Client(options), () => api?.WebIM?.conn?.context);

const settings: Record<string, unknown> = {
  useUniappPlugin: false,
  reconnect: 13,
  reconnectDelay: 3000,
  checkConnectIntervalMillis: 1000,
  enterTimeout: 20000,
  getCopyIntervalMillis: 30000,
  ctrlTimeoutMillis: 30000,
  iceRebuildCount: 3,
};

/** `apiURL` is the gateway; the others are accepted, and what they set is the SDK's own business. */
function configure(changes: Record<string, unknown>): void {
  Object.assign(settings, changes);
  if (typeof changes['apiURL'] === 'string') mgr.setHost(changes['apiURL']);
}

export const XService = xService(mgr);

export const config = Object.assign(configure, settings);
export const Service = XService;
export const event = { EXIT, RESULT };
export const util = { getRtcId };

if (api) api.emedia = { mgr, config, XService, Service, event, util };
