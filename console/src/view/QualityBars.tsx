import { bars, type Quality } from '../store/signals';
import { strings } from '../strings';

const ALL = [1, 2, 3, 4, 5];

/** How good a member's connection is, in five steps; nothing while unknown. */
export function QualityBars({ quality }: { quality: Quality | undefined }) {
  const filled = bars(quality);
  if (filled === null) return null;
  const text = strings.quality(filled);
  return (
    <span class={filled <= 2 ? 'quality poor' : 'quality'} role="img" aria-label={text} title={text} data-testid="quality" data-bars={filled}>
      {ALL.map((bar) => (
        <i key={bar} class={bar <= filled ? 'on' : undefined} />
      ))}
    </span>
  );
}
