/** Streams as the browser's SDK has them: objects of the app with a few questions to ask. */
import type { Publication, Subscription } from '../../types/media';
import type { ConfrStream } from './conference';

/** A stream that apps hand back. */
export interface WebStream extends ConfrStream {
  /** Whether it is one's own. */
  located(): boolean;
}

/** What a stream is connected to here. */
export interface Held {
  publication?: Publication;
  subscription?: Subscription;
  /** Elements that show it, and how to end that. */
  shown: Map<HTMLMediaElement, () => void>;
}

/** A tag, or its id. */
export function element(tag: unknown): HTMLMediaElement | null {
  const found = typeof tag === 'string' ? document.getElementById(tag) : tag;
  return found instanceof HTMLMediaElement ? found : null;
}

/** Shows a stream, now and whatever becomes of its connection. */
export function show(held: Held, tag: unknown): void {
  const target = element(tag);
  if (!target) return;
  held.shown.get(target)?.();
  const { publication, subscription } = held;
  if (subscription) {
    held.shown.set(target, subscription.attach(target));
  } else if (publication) {
    target.muted = true;
    target.srcObject = publication.media;
    const stop = publication.on('media', (media) => void (target.srcObject = media));
    held.shown.set(target, () => {
      stop();
      target.srcObject = null;
    });
  }
}

export function hide(held: Held): void {
  for (const stop of held.shown.values()) stop();
  held.shown.clear();
}

/** `{audio: true | {…}, video: true | {width: {exact}, height: {exact}, bitrate}}`. */
export interface Constaints {
  audio?: boolean | { bitrate?: number };
  video?: boolean | { width?: Size; height?: Size; bitrate?: number; frameRate?: Size };
}

type Size = number | { exact?: number; ideal?: number; max?: number };

function size(value: Size | undefined, otherwise: number): number {
  if (typeof value === 'number') return value;
  return value?.exact ?? value?.ideal ?? value?.max ?? otherwise;
}

/** Which tracks, and how large the picture. Bit rates are kb/s, as the vendor has them. */
export function wanted({ audio, video }: Constaints) {
  const picture = typeof video === 'object' ? video : {};
  const bitrate = picture.bitrate === undefined ? 1_000_000 : picture.bitrate * 1_000;
  return {
    audio: audio !== undefined && audio !== false,
    video: video !== undefined && video !== false,
    quality: {
      width: size(picture.width, 640),
      height: size(picture.height, 480),
      frameRate: size(picture.frameRate, 25),
      maxBitrate: bitrate,
    },
  };
}
