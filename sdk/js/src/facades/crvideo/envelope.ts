/**
 * What these scripts tell each other beside the app's own messages: texts that begin with a mark. Whoever does not know the
 * mark sees a text. What apps send to everybody goes without it, so other kinds of clients read it.
 */

export const MARK = '\u0001cr1';

export type Letter =
  /** Switch your microphone or camera. */
  | { do: 'device'; which: 'mic' | 'camera'; on: boolean }
  | { do: 'nick'; name: string }
  /** Part `n` of `of` of something an app sent. */
  | { do: 'part'; kind: 'cmd' | 'buffer' | 'file'; id: string; n: number; of: number; name?: string; binary?: boolean; data: string }
  | { do: 'invite'; id: string; ext: string }
  | { do: 'invite-answer'; id: string; accepted: boolean; ext: string; reason: number }
  | { do: 'invite-cancel'; id: string; ext: string; reason: number };

const ACTIONS = ['device', 'nick', 'part', 'invite', 'invite-answer', 'invite-cancel'];

export function seal(letter: Letter): string {
  return MARK + JSON.stringify(letter);
}

/** `null` for what is no letter. What is in it came from another client: its fields are checked where they are used. */
export function open(text: unknown): Letter | null {
  if (typeof text !== 'string' || !text.startsWith(MARK)) return null;
  try {
    const letter = JSON.parse(text.slice(MARK.length)) as Letter | null;
    return typeof letter === 'object' && letter !== null && ACTIONS.includes(letter.do) ? letter : null;
  } catch {
    return null;
  }
}
