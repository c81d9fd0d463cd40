/** The part of the vendor's messaging library that apps reach through `getSdkInstance().signal`. */
import type { Call } from '../../types/calls';
import type { Client } from '../client';
import { componentError } from './codes';

interface Sending {
  to: string;
  text?: string;
  content?: unknown;
  attach?: unknown;
  scene?: string;
  done?: (error: unknown, message: object) => void;
}

export interface Signal {
  account: string;
  sendText(message: Sending): object;
  sendCustomMsg(message: Sending): object;
  sendG2Msg(message: Sending): object;
  signalingControl(message: { channelId?: string; account?: string; attachExt?: unknown }): Promise<void>;
  signalingGetChannelInfo(query: { channelName: string }): Promise<object>;
  signalingDelay(query: { channelId: string }): Promise<object>;
  signalingSync(): Promise<void>;
  signalingMarkMsgRead(query: { msgid: string[] }): Promise<void>;
}

export function makeSignal(client: Client, account: string, current: () => Call | null): Signal {
  const inCall = () => {
    const call = current();
    if (!call) throw componentError('noChannelInfo', 'there is no call');
    return call;
  };
  const message = (type: string, { to, text, content, attach }: Sending) => {
    const body = { type, text, content, attach };
    const time = Date.now();
    return { ...body, scene: 'p2p', from: account, to, flow: 'out', time, idClient: `${account}-${time}`, status: 'sending' };
  };
  const send = (type: string, sending: Sending): object => {
    const made = message(type, sending);
    client.call('message_account', { to: sending.to, data: { nim: made } }).then(
      () => sending.done?.(null, { ...made, status: 'success' }),
      (error: unknown) => sending.done?.(error, { ...made, status: 'fail' }),
    );
    return made;
  };
  const info = async () => {
    const { id, caller, view } = inCall();
    return { channelId: id, channelName: id, creatorId: caller, createTimestamp: view.started_at, invalid: false };
  };
  return {
    account,
    sendText: (sending) => send('text', sending),
    sendCustomMsg: (sending) => send('custom', sending),
    sendG2Msg: (sending) => send('g2', sending),
    signalingControl: async ({ account: to, attachExt }) => inCall().control(attachExt, to || undefined),
    signalingGetChannelInfo: info,
    // Calls are kept alive by the gateway.
    signalingDelay: info,
    signalingSync: () => Promise.resolve(),
    signalingMarkMsgRead: () => Promise.resolve(),
  };
}
