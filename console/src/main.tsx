/** Builds the parts, then hands over to the components. */
import { render } from 'preact';
import { Api } from './api/api';
import { Visits } from './join/visits';
import { language } from './language';
import { roomOfHash } from './route';
import { Store } from './store/store';
import { Session } from './sync/session';
import { Sync } from './sync/sync';
import { App } from './view/App';
import { ServicesContext } from './view/context';
import './style/base.css';
import './style/layout.css';
import './style/tile.css';
import './style/join.css';
import './style/studio.css';

document.documentElement.lang = language();

const session = new Session(sessionStorage);
const api = new Api(() => session.token());
const store = new Store();
const sync = new Sync(store, api, session, location.origin);
const visits = new Visits(store, api, session, location.origin);
addEventListener('pagehide', () => visits.leave());

const followAddress = () => store.dispatch({ type: 'asked', room: roomOfHash(location.hash) });
addEventListener('hashchange', followAddress);
followAddress();

const root = document.getElementById('app');
if (root) {
  render(
    <ServicesContext.Provider value={{ store, api, sync, visits }}>
      <App />
    </ServicesContext.Provider>,
    root,
  );
}
sync.start();
