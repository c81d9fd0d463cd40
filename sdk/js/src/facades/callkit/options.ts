/** What apps pass to the component. */
import type { CallType } from '../../types/calls';
import type { Profile } from './rtc/profile';

export interface Callbacks<T = unknown> {
  success?: (result: T) => void;
  failed?: (error: unknown) => void;
}

export interface SetupOptions extends Profile {
  appKey: string;
  quality?: string;
  /** Of the vendor's own servers; here any of them names the gateway. */
  neRtcServerAddresses?: Record<string, unknown>;
}

export interface LoginOptions extends Callbacks {
  account: string;
  token?: string;
  privateConf?: Record<string, unknown>;
  /** Messages, call records among them. */
  onmsg?: (message: object) => void;
  onconnect?: (info: object) => void;
  ondisconnect?: (why: object) => void;
  [option: string]: unknown;
}

export interface CallOptions extends Callbacks {
  userId: string;
  type: number;
  attachment?: unknown;
}

export interface GroupCallOptions extends Callbacks {
  userIds: string[];
  type: number;
  groupId?: string;
  attachment?: unknown;
}

export const TYPES: Record<number, CallType> = { 1: 'audio', 2: 'video', 3: 'other' };
export const TYPE_NUMBERS: Record<CallType, number> = { audio: 1, video: 2, other: 3 };

/** What is said with an invitation, so that other kinds of clients can make sense of it. */
export interface Attachment {
  attachment: unknown;
  groupId: string | null;
}

export function readAttachment(said: unknown): Attachment {
  if (typeof said === 'object' && said !== null && 'attachment' in said) {
    const { attachment, groupId } = said as Partial<Attachment>;
    return { attachment, groupId: typeof groupId === 'string' ? groupId : null };
  }
  return { attachment: said, groupId: null };
}

const URL_START = /^(https?|wss?):\/\//i;

/** The gateway's address: what the app says, or where the page is from. */
export function gatewayOf(sources: (Record<string, unknown> | undefined)[], page: string): string {
  for (const source of sources) {
    const { gateway, ...others } = source ?? {};
    for (const value of [gateway, ...Object.values(others)]) {
      if (typeof value === 'string' && URL_START.test(value)) return new URL(value.replace(/^ws/i, 'http')).origin;
    }
  }
  return page;
}

/** Answers both ways: by promise and by callbacks. Whoever uses callbacks need not catch. */
export function settle<T>(work: Promise<T>, { success, failed }: Callbacks<T>): Promise<T> {
  work.then(success, failed ?? (() => undefined));
  const answer = work.catch((thrown: unknown) => Promise.reject(thrown));
  if (failed) answer.catch(() => undefined);
  return answer;
}
