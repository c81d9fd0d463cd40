/** Call records (话单): messages of type `g2`, as the vendor's messaging library hands them to `onmsg`. */
import type { CallMessage } from '../../types/calls';
import { RECORD_STATUS } from './codes';

export interface RecordMessage {
  type: 'g2';
  scene: 'p2p';
  from: string;
  to: string;
  flow: 'in' | 'out';
  target: string;
  sessionId: string;
  idServer: string;
  idClient: string;
  time: number;
  status: 'success';
  attach: CallMessage['attach'];
}

export function recordMessage({ id, from, to, attach }: CallMessage, own: string): RecordMessage {
  const target = from === own ? to : from;
  return {
    type: 'g2',
    scene: 'p2p',
    from,
    to,
    flow: from === own ? 'out' : 'in',
    target,
    sessionId: `p2p-${target}`,
    idServer: id,
    idClient: id,
    time: Date.now(),
    status: 'success',
    attach,
  };
}

/** Whether the component of the caller is who says it, as the vendor has it: all but those of completed calls. */
export function isSentByCaller({ attach }: CallMessage): boolean {
  return attach.status !== RECORD_STATUS.completed;
}
