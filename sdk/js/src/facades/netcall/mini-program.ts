/** The script that takes the place of `NIM_Web_Netcall_weixin_….js`: the class as `module.exports`. */
import { Client } from '../../mini-program';
import { CONSTANTS } from './constants';
import { Netcall, type NetcallOptions } from './netcall';

let instance: Netcall | null = null;

function getInstance(options: NetcallOptions = {}): Netcall {
  if (instance) instance.reconfigure(options);
  else instance = new Netcall(options, (client) => new Client(client));
  return instance;
}

/** Drops the instance; it is not ended by that. */
function destroy(): void {
  instance = null;
}

/** For `NIM.use(Netcall)`. */
function install(_nim?: unknown): void {}

function setHost(url: string): void {
  Netcall.setHost(url);
}

const NetcallWeixin = { ...CONSTANTS, getInstance, destroy, install, setHost };

export default NetcallWeixin;
export { getInstance, destroy, install, setHost };
