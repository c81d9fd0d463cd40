/** What calls do that nothing here corresponds to: they answer, through every way the vendor documents, "not supported". */
import { ERR } from './codes';
import { CALLS, type CallName } from './names/calls';
import { NOTICES, type NoticeName } from './names/notices';
import type { Notices } from './notices';

const DESCRIPTION = 'not supported here';

/** What they return at once, where that is neither nothing nor a promise. */
const VALUES: Partial<Record<CallName, () => unknown>> = {
  GetAllQueueInfo: () => [],
  GetQueuingInfo: () => ({ queID: -1, position: 0, queuingTime: 0 }),
  GetServingQueues: () => [],
  GetSessionInfo: () => ({
    callID: '',
    peerID: '',
    peerName: '',
    bCallAccepted: 0,
    meetingID: 0,
    meetingPswd: '',
    duration: 0,
  }),
  Getmediainfo: () => ({ userID: '', state: 2, mediaName: '' }),
  Getmediaimg: () => '',
  StartPlayMedia: () => ERR.notSupported,
  StartGetAudioPCM: () => ERR.notSupported,
};

/** A function for a refused call. */
export function refuse(name: CallName, notices: Notices): (...args: unknown[]) => unknown {
  const { takes, answeredBy, returns } = CALLS[name];
  return (...args) => {
    const answer = answerOf(answeredBy);
    if (answer) notices.later(answer, ...fill(answer, takes, args));
    if (returns === 'promise') return Promise.reject({ errCode: ERR.notSupported, errDesc: DESCRIPTION });
    return VALUES[name]?.();
  };
}

/** The notice that carries an error. */
function answerOf(answeredBy: string[]): NoticeName | undefined {
  return answeredBy.find((name): name is NoticeName => name in NOTICES && takesError(name as NoticeName));
}

function takesError(name: NoticeName): boolean {
  return NOTICES[name].split(' ').includes('sdkErr');
}

/** Arguments of the notice: the error, and what the call brought under the same name. */
function fill(notice: NoticeName, takes: string[], args: unknown[]): unknown[] {
  return NOTICES[notice].split(' ').map((name) => {
    if (name === 'sdkErr') return ERR.notSupported;
    if (takes.includes(name)) return args[takes.indexOf(name)] ?? '';
    return name === 'QueStatus' || name === 'queUser' ? {} : '';
  });
}
