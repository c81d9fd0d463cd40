import type { StreamStats } from '../api/types';
import { audioFacts, deliveryFacts, videoFacts } from '../format';
import { strings } from '../strings';

/** The statistics of a stream: what comes in and what goes out. */
export function StatLines({ stats }: { stats: StreamStats | null }) {
  if (!stats) return <p class="stats quiet">{strings.noStats}</p>;
  return (
    <dl class="stats">
      <Line label={strings.statVideo} facts={stats.video ? videoFacts(stats.video) : null} />
      <Line label={strings.statAudio} facts={stats.audio ? audioFacts(stats.audio) : null} />
      <Line label={strings.statReaders} facts={deliveryFacts(stats)} warn={stats.dropped > 0 ? strings.drops(stats.dropped) : null} />
    </dl>
  );
}

interface LineProps {
  label: string;
  facts: string[] | null;
  /** The fact that needs attention. */
  warn?: string | null;
}

export function Line({ label, facts, warn = null }: LineProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        {facts?.map((fact, at) => (
          <span key={at} class={fact === warn ? 'warn' : undefined}>
            {fact}
          </span>
        )) ?? <span class="quiet">{strings.none}</span>}
      </dd>
    </div>
  );
}
