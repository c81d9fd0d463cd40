/** One-to-one and team calls: ringing in the vendor's words. */
import type { BaseClient } from '../../client/client';
import { asError } from '../../types/errors';
import type { Call } from '../../types/calls';
import { CODE, CONSTANTS, KEEP_CALLING_INTERVAL } from './constants';
import { channelNumber, uidOf } from './uid';

type Tell = (event: string, payload?: unknown) => void;

export class Ringing {
  /** The call that this device makes or answered. */
  current: Call | null = null;
  private readonly calls = new Map<number, Call>();
  private readonly repeats = new Map<number, ReturnType<typeof setInterval>>();

  constructor(
    private readonly client: BaseClient,
    private readonly tell: Tell,
  ) {
    client.calls.on('invited', (call) => this.ring(call));
  }

  async call(params: { type?: unknown; callee?: unknown; pushConfig?: { custom?: unknown } }): Promise<Record<string, number>> {
    if (this.current) throw new Error('there is a call already');
    const callees = (Array.isArray(params.callee) ? params.callee : [params.callee]).map(String);
    const type = Number(params.type) === CONSTANTS.NETCALL_TYPE_AUDIO ? 'audio' : 'video';
    const custom = params.pushConfig?.custom;
    const call = await this.client.calls.invite({ to: callees, type, ...(custom === undefined ? {} : { attachment: custom }) });
    this.current = call;
    this.watch(call);
    const offline = call.members.filter(({ account }) => callees.includes(account)).every(({ state }) => state === 'waiting');
    // It goes on ringing; apps know that number and wait.
    if (offline) throw { code: CODE.OFFLINE, message: 'the callee is offline', cid: channelNumber(call.id) };
    const uids: Record<string, number> = {};
    for (const { account } of call.members) uids[account] = uidOf(account);
    return uids;
  }

  async response({ accepted, cid }: { accepted?: unknown; cid?: unknown }): Promise<void> {
    const call = this.calls.get(Number(cid)) ?? [...this.calls.values()].find(({ direction }) => direction === 'incoming');
    if (!call) throw { code: CODE.HANDLED, message: 'the call is over or was answered elsewhere' };
    this.quiet(channelNumber(call.id));
    try {
      if (!accepted) return await call.reject();
      await call.accept({ join: false });
      this.current = call;
    } catch (thrown) {
      throw { code: CODE.HANDLED, message: asError(thrown).message };
    }
  }

  async control({ command, cid }: { command?: unknown; cid?: unknown }): Promise<void> {
    const call = cid === undefined ? this.current : (this.calls.get(Number(cid)) ?? this.current);
    if (!call || typeof command !== 'number') throw new Error('there is no call, or no command');
    // Whoever is not in the call yet says busy by refusing.
    if (command === CONSTANTS.NETCALL_CONTROL_COMMAND_BUSY && call !== this.current) return call.reject({ busy: true });
    await call.control({ netcall: command });
  }

  async hangup(): Promise<void> {
    const call = this.current;
    this.current = null;
    if (!call) return;
    try {
      await call.hangUp();
    } catch {
      // It is over anyway.
    }
  }

  end(): void {
    for (const cid of [...this.repeats.keys()]) this.quiet(cid);
  }

  private ring(call: Call): void {
    const cid = channelNumber(call.id);
    const type = typeOf(call);
    const ring = () => this.tell('beCalling', { caller: call.caller, cid, type, custom: call.attachment ?? undefined });
    this.watch(call);
    ring();
    this.repeats.set(cid, setInterval(ring, KEEP_CALLING_INTERVAL));
  }

  private quiet(cid: number): void {
    const repeat = this.repeats.get(cid);
    if (repeat !== undefined) clearInterval(repeat);
    this.repeats.delete(cid);
  }

  private watch(call: Call): void {
    const cid = channelNumber(call.id);
    this.calls.set(cid, call);
    const type = typeOf(call);
    const rejected = ({ account }: { account: string }) => this.tell('callRejected', { cid, account, type });
    call.on('accepted', ({ account }) => this.tell('callAccepted', { cid, account, type }));
    call.on('rejected', rejected);
    call.on('busy', ({ account }) => {
      this.tell('control', { cid, command: CONSTANTS.NETCALL_CONTROL_COMMAND_BUSY, account });
      rejected({ account });
    });
    call.on('control', ({ from, data }) => {
      const command = (data as { netcall?: unknown } | null)?.netcall;
      if (typeof command === 'number' && call === this.current) this.tell('control', { cid, command, account: from });
    });
    call.on('elsewhere', ({ what }) => {
      this.quiet(cid);
      const accepted = what !== 'rejected';
      this.tell('callerAckSync', { timetag: Date.now(), cid, type, accepted, fromClientType: 16 });
    });
    call.on('ended', ({ by }) => {
      this.quiet(cid);
      this.calls.delete(cid);
      const wasMine = this.current === call;
      if (wasMine) this.current = null;
      this.tell('hangup', { cid, timetag: Date.now(), account: by ?? call.caller });
    });
  }
}

function typeOf(call: Call): number {
  return call.type === 'audio' ? CONSTANTS.NETCALL_TYPE_AUDIO : CONSTANTS.NETCALL_TYPE_VIDEO;
}
