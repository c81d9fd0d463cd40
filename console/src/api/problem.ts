/** Why a request failed, as the SDK's error; its `status` is 0 when no answer came. */
import { refusal } from '../../../sdk/js/src/net/problem';
import { LianmaiError } from '../../../sdk/js/src/types/errors';

/** The error of an answer that is not a success: an RFC 9457 problem if it is one, else just its status. */
export async function errorOf(response: Response): Promise<LianmaiError> {
  return refusal(await response.json().catch(() => null), response.status);
}

/** Any thrown value as such an error. */
export function asError(thrown: unknown): LianmaiError {
  if (thrown instanceof LianmaiError) return thrown;
  const isLate = thrown instanceof Error && (thrown.name === 'TimeoutError' || thrown.name === 'AbortError');
  const [code, text] = isLate ? ['timeout', 'no answer in time'] : ['network', 'the gateway cannot be reached'];
  return new LianmaiError(code, text, { cause: thrown });
}
