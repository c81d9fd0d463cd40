import type { Member } from '../api/types';
import { strings } from '../strings';

export function MemberList({ members }: { members: Member[] }) {
  if (members.length === 0) return null;
  const sorted = [...members].sort((a, b) => a.joined_at - b.joined_at || (a.id < b.id ? -1 : 1));
  return (
    <section class="members" aria-labelledby="members-title">
      <h2 id="members-title">
        {strings.members} <small>{members.length}</small>
      </h2>
      <ul>
        {sorted.map((member) => (
          <li key={member.id}>
            <i class={member.online ? 'dot on' : 'dot'} title={member.online ? strings.online : strings.away} />
            <span class="name">{member.nick || member.account}</span>
            {member.nick !== '' && member.nick !== member.account && <span class="quiet">{member.account}</span>}
            <span class="tag">{strings.roles[member.role] ?? member.role}</span>
            {member.muted?.audio && <span class="tag warn">{strings.mutedAudio}</span>}
            {member.muted?.video && <span class="tag warn">{strings.mutedVideo}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
