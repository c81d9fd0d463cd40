import type { Member } from '../api/types';
import type { Signals } from '../store/signals';
import { strings } from '../strings';
import { QualityBars } from './QualityBars';

interface Props {
  members: Member[];
  /** Which of them is this page. */
  me: string | null;
  signals: Signals;
}

export function MemberList({ members, me, signals }: Props) {
  if (members.length === 0) return null;
  const sorted = [...members].sort((a, b) => a.joined_at - b.joined_at || (a.id < b.id ? -1 : 1));
  return (
    <section class="members" aria-labelledby="members-title">
      <h2 id="members-title">
        {strings.members} <small>{members.length}</small>
      </h2>
      <ul>
        {sorted.map((member) => (
          <li
            key={member.id}
            class={member.id === signals.speaker ? 'speaks' : undefined}
            style={{ '--level': signals.levels[member.id] ?? 0 }}
            data-testid="member"
            data-member={member.id}
          >
            <i class={member.online ? 'dot on' : 'dot'} title={member.online ? strings.online : strings.away} />
            <span class="name">{member.nick || member.account}</span>
            {member.nick !== '' && member.nick !== member.account && <span class="quiet">{member.account}</span>}
            {member.id === me && <span class="tag">{strings.you}</span>}
            <span class="tag">{strings.roles[member.role] ?? member.role}</span>
            {member.muted?.audio && <span class="tag warn">{strings.mutedAudio}</span>}
            {member.muted?.video && <span class="tag warn">{strings.mutedVideo}</span>}
            <QualityBars quality={signals.quality[member.id]} />
          </li>
        ))}
      </ul>
    </section>
  );
}
