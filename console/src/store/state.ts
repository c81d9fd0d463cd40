/** All state of the page, and the only function that changes it. */
import type { FlvTransport, PlayMode, Room, RoomSummary, Stream, StreamStats } from '../api/types';
import { away, type Me } from './me';
import { mayManage, type Studio } from './studio';
import { noSignals, withSignal, type Signal, type Signals } from './signals';

/** How changes reach the page: told by events, found by asking, or not at all. */
export type Link = 'connecting' | 'events' | 'polling' | 'offline';

export interface State {
  phase: 'starting' | 'needs_token' | 'ready';
  app: string | null;
  /** Whether the gateway gave the session to anybody (dev config) or a token was entered. */
  openApp: boolean;
  /** Whether the token lets one into rooms: the app's own lets one only look. */
  mayJoin: boolean;
  /** Whether the token is the app's own, which may change every room. */
  isApp: boolean;
  /** Whose token it is. */
  account: string | null;
  /** `null` until the first list came. */
  rooms: RoomSummary[] | null;
  /** The app has more rooms than the list. */
  moreRooms: boolean;
  /** The room in the address bar. */
  asked: string | null;
  /** The room on show. */
  open: string | null;
  /** What is known of the room on show: `gone` if it does not exist, `null` before an answer came. */
  room: Room | 'gone' | null;
  /** Newest statistics by stream id, of the open room. */
  stats: Record<string, StreamStats>;
  link: Link;
  /** What went wrong last, for people; `null` when all is well. */
  problem: string | null;
  transport: FlvTransport;
  /** How streams are played for which somebody chose it, by stream id. */
  modes: Record<string, PlayMode>;
  me: Me;
  /** What passes by in the open room. */
  signals: Signals;
  /** Mix, recordings and pushes of the open room; `null` until known, and for those who may not change them. */
  studio: Studio | null;
}

export const initialState: State = {
  phase: 'starting',
  app: null,
  openApp: false,
  mayJoin: false,
  isApp: false,
  account: null,
  rooms: null,
  moreRooms: false,
  asked: null,
  open: null,
  room: null,
  stats: {},
  link: 'connecting',
  problem: null,
  transport: 'http_flv',
  modes: {},
  me: away,
  signals: noSignals,
  studio: null,
};

export type Action =
  | { type: 'session'; app: string | null; openApp: boolean; mayJoin: boolean; isApp?: boolean; account?: string | null }
  | { type: 'token_needed'; problem: string | null }
  | { type: 'rooms'; rooms: RoomSummary[]; more: boolean }
  | { type: 'room'; id: string; room: Room | 'gone' }
  | { type: 'streams'; room: string; streams: Stream[] }
  | { type: 'asked'; room: string | null }
  | { type: 'link'; link: Link }
  | { type: 'problem'; problem: string | null }
  | { type: 'transport'; transport: FlvTransport }
  | { type: 'mode'; stream: string; mode: PlayMode }
  | { type: 'me'; me: Me }
  | { type: 'signal'; room: string; signal: Signal }
  | { type: 'studio'; room: string; studio: Studio };

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case 'session':
      return sessionBegan(state, action);
    case 'token_needed':
      return { ...initialState, me: state.me, phase: 'needs_token', asked: state.asked, problem: action.problem };
    case 'rooms':
      return opened({ ...state, rooms: [...action.rooms].sort(byActivity), moreRooms: action.more, problem: null });
    case 'room':
      return action.id === state.open ? stillManaged({ ...state, room: action.room }) : state;
    case 'streams':
      return action.room === state.open ? withStreams(state, action.streams) : state;
    case 'asked':
      return opened({ ...state, asked: action.room });
    case 'link':
      return state.link === action.link ? state : { ...state, link: action.link };
    case 'problem':
      return state.problem === action.problem ? state : { ...state, problem: action.problem };
    case 'transport':
      return { ...state, transport: action.transport };
    case 'mode':
      return { ...state, modes: { ...state.modes, [action.stream]: action.mode } };
    case 'me':
      return { ...state, me: action.me };
    case 'signal':
      return action.room === state.open ? { ...state, signals: withSignal(state.signals, action.signal) } : state;
    case 'studio':
      return action.room === state.open ? { ...state, studio: action.studio } : state;
  }
}

function sessionBegan(state: State, action: Action & { type: 'session' }): State {
  const { app, openApp, mayJoin, isApp = false, account = null } = action;
  return { ...state, phase: 'ready', app, openApp, mayJoin, isApp, account, problem: null };
}

/** Whoever may no longer change the room sees no old figures of it. */
function stillManaged(state: State): State {
  return state.studio === null || mayManage(state) ? state : { ...state, studio: null };
}

/** How many streams of a room carry media now. */
export function onAir(room: RoomSummary | Room): number {
  return room.streams.filter((stream) => stream.on_air).length;
}

/** Whether something on air in the open room has not told its tracks yet: that cannot be played. */
export function isTuningIn({ room, stats }: State): boolean {
  if (room === null || room === 'gone') return false;
  return room.streams.some(({ id, on_air }) => on_air && !stats[id]?.video && !stats[id]?.audio);
}

/**
 * Decides which room is on show: the one asked for, even when it does not exist; else the one on show before, unless it
 * is silent while another is on air; else the most active one.
 */
function opened(state: State): State {
  const open = state.asked ?? automatic(state);
  return open === state.open ? state : { ...state, open, room: null, stats: {}, modes: {}, signals: noSignals, studio: null };
}

function automatic(state: State): string | null {
  const rooms = state.rooms ?? [];
  const shown = rooms.find((room) => room.id === state.open);
  const busiest = rooms[0];
  if (shown && (onAir(shown) > 0 || !busiest || onAir(busiest) === 0)) return shown.id;
  return busiest?.id ?? null;
}

/** Rooms on air first, then by name: an order that does not jump with every joining member. */
function byActivity(a: RoomSummary, b: RoomSummary): number {
  const active = Number(onAir(b) > 0) - Number(onAir(a) > 0);
  return active || (a.settings.name ?? a.id).localeCompare(b.settings.name ?? b.id);
}

function withStreams(state: State, streams: Stream[]): State {
  const stats: Record<string, StreamStats> = {};
  const bare: Stream[] = [];
  for (const { stats: figures, ...stream } of streams) {
    if (figures) stats[stream.id] = figures;
    bare.push(stream);
  }
  const room = state.room === null || state.room === 'gone' ? state.room : { ...state.room, streams: bare };
  return { ...state, room, stats };
}
