import { useState } from 'preact/hooks';
import type { Push } from '../api/types';
import { bitrate } from '../format';
import { strings } from '../strings';
import { useServices } from './context';
import type { Act } from './StudioPanel';

interface Props {
  room: string;
  pushes: Push[];
  busy: boolean;
  act: Act;
}

/** Pushes the mix to other servers, and shows how each of them takes it. */
export function PushControls({ room, pushes, busy, act }: Props) {
  const { api } = useServices();
  const [url, setUrl] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    // The key is in it: it is not kept longer than needed.
    if (await act(() => api.addPush(room, url.trim()))) setUrl('');
  };
  return (
    <div class="control" data-testid="pushes" data-count={pushes.length}>
      <h2>{strings.pushes}</h2>
      <form class="actions" onSubmit={(event) => void submit(event)}>
        <input
          type="text"
          required
          autocomplete="off"
          spellcheck={false}
          placeholder="rtmp://…/app/key"
          pattern="rtmps?://.+"
          aria-label={strings.pushTo}
          title={strings.pushTo}
          value={url}
          data-testid="push-url"
          onInput={(event) => setUrl(event.currentTarget.value)}
        />
        <button type="submit" disabled={busy} data-testid="push-add">
          {strings.addPush}
        </button>
        {pushes.length === 0 && <span class="quiet">{strings.nothingPushed}</span>}
      </form>
      <ul>
        {pushes.map((push) => (
          <li key={push.id} data-testid="push" data-state={push.state} data-target={push.target}>
            <span class="name">{push.target}</span>
            <span class={`state ${push.state}`}>{strings.pushStates[push.state]}</span>
            {push.reason && <span class="warn">{push.reason}</span>}
            {push.state === 'live' && <span class="quiet">{bitrate(push.kbps)}</span>}
            {push.retries > 0 && <span class="quiet">{strings.retries(push.retries)}</span>}
            <button type="button" disabled={busy} data-testid="push-remove" onClick={() => void act(() => api.removePush(room, push.id))}>
              {strings.removePush}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
