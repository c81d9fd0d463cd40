import { asApiError } from './api/problem';
import { strings } from './strings';

/** What went wrong with a request, for people. */
export function explain(thrown: unknown): string {
  const error = asApiError(thrown);
  return error.status === 0 ? strings.unreachable : strings.failed(error.code, error.message);
}
