/** The file that pages include: `window.NERTCCalling.default` and `window.NRTCCalling.RTCCalling`. */
import { Client } from '../../index';
import { Component } from './component';
import { NERTCCalling, RTCCalling } from './index';

Component.make = (options) => new Client(options);
Object.assign(globalThis, { NRTCCalling: { RTCCalling, NERTCCalling, default: RTCCalling } });

export { NERTCCalling, RTCCalling };
export default NERTCCalling;
