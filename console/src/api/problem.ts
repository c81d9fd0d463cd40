/** Why a request failed. `status` is 0 when no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** Stable code of the problem answer, or one of `network`, `timeout`, `bad_answer`, `http_<status>`. */
    readonly code: string,
    detail: string,
  ) {
    super(detail);
    this.name = 'ApiError';
  }

  /** The token is missing, expired or refused. */
  get unauthorised(): boolean {
    return this.status === 401;
  }
}

/** The error of an answer that is not a success: an RFC 9457 problem if it is one, else just its status. */
export async function errorOf(response: Response): Promise<ApiError> {
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    body = null;
  }
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  const code = typeof problem['code'] === 'string' ? problem['code'] : `http_${response.status}`;
  const detail = typeof problem['detail'] === 'string' ? problem['detail'] : response.statusText;
  return new ApiError(response.status, code, detail || code);
}

/** Any thrown value as an `ApiError`. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  const name = thrown instanceof Error ? thrown.name : '';
  if (name === 'TimeoutError' || name === 'AbortError') return new ApiError(0, 'timeout', 'no answer in time');
  return new ApiError(0, 'network', 'the gateway cannot be reached');
}
