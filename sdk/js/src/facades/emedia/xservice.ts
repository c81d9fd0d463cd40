/** The form of the years 2018 and 2019: one service per conference, with listeners instead of callbacks of the manager. */
import type { MiniManager } from './mini';

type Listeners = Record<string, ((...args: unknown[]) => void) | undefined>;

/** Old names of what the manager tells. */
const NAMES: Record<string, string> = {
  onMemberJoined: 'onAddMember',
  onMemberExited: 'onRemoveMember',
  onStreamAdded: 'onAddStream',
  onStreamRemoved: 'onRemoveStream',
  onMediaChanaged: 'onUpdateStream',
  onConferenceExit: 'onMeExit',
  onConfrAttrsUpdated: 'onNotifyEvent',
};

export function xService(manager: MiniManager) {
  return class XService {
    private readonly listeners: Listeners;
    private ticket: unknown;
    private ext: unknown;

    constructor(options: { listeners?: Listeners } = {}) {
      this.listeners = options.listeners ?? {};
    }

    setup(ticket: unknown, ext?: unknown): void {
      this.ticket = ticket;
      this.ext = ext;
    }

    join(ok?: (memId: string) => void, fail?: (error: unknown) => void): void {
      for (const [name, old] of Object.entries(NAMES)) {
        manager[name] = (...args: unknown[]) => this.listeners[old]?.apply(this.listeners, args);
      }
      manager.joinConferenceWithTicket(undefined, this.ticket, this.ext).then(
        (memId) => ok?.(memId),
        (error: unknown) => fail?.(error),
      );
    }

    exit(): void {
      manager.exitConference();
    }
  };
}
