/** In which state which call is allowed, and the code with which it is refused otherwise. */

export const CallingStatus = { idle: 0, calling: 1, called: 2, inCall: 3 } as const;
export type CallingState = keyof typeof CallingStatus;

export const OPERATIONS = ['call', 'hangup', 'leave', 'cancel', 'accept', 'reject', 'switchCallType'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What an allowed call does: `hangup` while ringing is a cancel or a reject. */
export type Verdict = { does: Operation } | { code: number };

const does = (operation: Operation): Verdict => ({ does: operation });
const refused = (code: number): Verdict => ({ code });

/** Rows by call, columns by state. */
export const TABLE: Record<Operation, Record<CallingState, Verdict>> = {
  call: { idle: does('call'), calling: refused(20002), called: refused(20003), inCall: refused(20004) },
  hangup: { idle: refused(20005), calling: does('cancel'), called: does('reject'), inCall: does('hangup') },
  leave: { idle: refused(20009), calling: refused(20010), called: refused(20011), inCall: does('leave') },
  cancel: { idle: refused(20013), calling: does('cancel'), called: refused(20015), inCall: refused(20016) },
  accept: { idle: refused(20017), calling: refused(20018), called: does('accept'), inCall: refused(20020) },
  reject: { idle: refused(20021), calling: refused(20022), called: does('reject'), inCall: refused(20024) },
  switchCallType: { idle: refused(20025), calling: refused(20026), called: refused(20027), inCall: does('switchCallType') },
};

const WHILE: Record<CallingState, string> = {
  idle: 'there is no call',
  calling: 'a call is being made',
  called: 'somebody is calling',
  inCall: 'a call is going on',
};

/** What apps get when a call does not fit the state. */
export interface StateError {
  code: number;
  message: string;
}

/** What the call does in this state. Throws a `StateError` where it may not be made. */
export function check(operation: Operation, state: CallingState): Operation {
  const verdict = TABLE[operation][state];
  if ('does' in verdict) return verdict.does;
  throw { code: verdict.code, message: `${operation}: not while ${WHILE[state]}` } satisfies StateError;
}
