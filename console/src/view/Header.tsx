import type { FlvTransport } from '../api/types';
import type { State } from '../store/state';
import { switchLanguage } from '../language';
import { strings } from '../strings';
import { useServices } from './context';
import { Logo } from './icons';

const TRANSPORTS: FlvTransport[] = ['http_flv', 'ws_flv'];

export function Header({ state }: { state: State }) {
  const { store, sync } = useServices();
  return (
    <header class="top">
      <a class="brand" href="#/">
        <Logo />
        {strings.title}
      </a>
      {state.app !== null && (
        <span class="app">
          {strings.app} <b>{state.app}</b>
        </span>
      )}
      <span class="push" />
      <button type="button" class="plain" data-testid="language" onClick={changeLanguage}>
        {strings.language}
      </button>
      {state.phase === 'ready' && (
        <>
          <fieldset class="segments">
            <legend>{strings.transport}</legend>
            {TRANSPORTS.map((transport) => (
              <label key={transport}>
                <input
                  type="radio"
                  name="transport"
                  value={transport}
                  checked={state.transport === transport}
                  onChange={() => store.dispatch({ type: 'transport', transport })}
                />
                <span>{strings.transports[transport]}</span>
              </label>
            ))}
          </fieldset>
          <span class={`link ${state.link}`} role="status" title={strings.linkHint[state.link]}>
            {strings.link[state.link]}
          </span>
          {!state.openApp && (
            <button type="button" class="plain" onClick={() => sync.leave()}>
              {strings.leave}
            </button>
          )}
        </>
      )}
    </header>
  );
}

/** Texts are chosen when the page is loaded. */
function changeLanguage(): void {
  switchLanguage();
  location.reload();
}
