/** What components reach without passing it down. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Api } from '../api/api';
import type { Visits } from '../join/visits';
import type { Store } from '../store/store';
import type { Sync } from '../sync/sync';

export interface Services {
  store: Store;
  api: Api;
  sync: Sync;
  visits: Visits;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error('a component outside of ServicesContext');
  return services;
}
