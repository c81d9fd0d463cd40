import { useState } from 'preact/hooks';
import { strings } from '../strings';
import { tokenCommand } from '../commands';
import { useServices } from './context';
import { CopyField } from './CopyField';

/** Asks for a token where the gateway gives none away. */
export function TokenForm({ problem }: { problem: string | null }) {
  const { sync } = useServices();
  const [text, setText] = useState('');
  const [malformed, setMalformed] = useState(false);
  const submit = (event: Event) => {
    event.preventDefault();
    setMalformed(!sync.enterToken(text));
  };
  const complaint = malformed ? strings.tokenMalformed : problem;
  return (
    <main class="token">
      <h1>{strings.tokenTitle}</h1>
      <p>{strings.tokenHint}</p>
      <CopyField label={strings.command} text={tokenCommand('<app>')} block />
      <form onSubmit={submit}>
        <label for="token">{strings.tokenLabel}</label>
        <input
          id="token"
          type="password"
          autocomplete="off"
          spellcheck={false}
          required
          value={text}
          aria-describedby="token-note"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="primary">
          {strings.tokenUse}
        </button>
      </form>
      {complaint !== null && (
        <p class="warn" role="alert">
          {complaint}
        </p>
      )}
      <p id="token-note" class="quiet">
        {strings.tokenKept}
      </p>
    </main>
  );
}
