import type { Preset } from '../api/types';

type Place = [x: number, y: number, w: number, h: number];

/** Where pictures are, on a canvas of 32 × 18; the first is the main one. */
const PLACES: Record<Preset, Place[]> = {
  grid: [[1, 1, 14, 7.5], [17, 1, 14, 7.5], [1, 9.5, 14, 7.5], [17, 9.5, 14, 7.5]],
  grid_cropped: [[0, 0, 15.5, 8.5], [16.5, 0, 15.5, 8.5], [0, 9.5, 15.5, 8.5], [16.5, 9.5, 15.5, 8.5]],
  speaker_bottom: [[5, 1, 22, 11], [1, 13, 7, 4], [9, 13, 7, 4], [17, 13, 7, 4]],
  speaker_top: [[5, 6, 22, 11], [1, 1, 7, 4], [9, 1, 7, 4], [17, 1, 7, 4]],
  floating: [[0, 0, 32, 18], [2, 12, 7, 4], [11, 12, 7, 4]],
  floating_top: [[0, 0, 32, 18], [2, 2, 7, 4], [11, 2, 7, 4]],
  side_by_side: [[0, 0, 15.5, 18], [16.5, 0, 15.5, 8.5], [16.5, 9.5, 15.5, 8.5]],
  picture_in_picture: [[0, 0, 32, 18], [22, 11, 8, 5]],
  screen_share: [[1, 2, 23, 14], [25, 2, 6, 4], [25, 7, 6, 4], [25, 12, 6, 4]],
  single_speaker: [[4, 1, 24, 16]],
  audio_only: [],
};

/** A small drawing of an arrangement. */
export function PresetPicture({ preset }: { preset: Preset }) {
  return (
    <svg class="preset-picture" viewBox="0 0 32 18" aria-hidden="true" focusable="false">
      <rect class="canvas" width="32" height="18" rx="2" />
      {PLACES[preset].map(([x, y, width, height], n) => (
        <rect key={n} class={n === 0 ? 'main' : 'other'} x={x} y={y} width={width} height={height} rx="1" />
      ))}
      {preset === 'audio_only' && [8, 16, 24].map((cx) => <circle key={cx} class="main" cx={cx} cy="9" r="3" />)}
    </svg>
  );
}
