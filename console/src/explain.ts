import { asError } from './api/problem';
import { strings } from './strings';

/** What went wrong with a request, a device or a connection, for people. */
export function explain(thrown: unknown): string {
  const error = asError(thrown);
  switch (error.code) {
    case 'media_unreachable':
      return strings.noPath;
    case 'media_lost':
      return strings.connectionLost;
    case 'capture_denied':
      return strings.captureDenied;
    case 'capture_missing':
      return strings.captureMissing;
    case 'capture_busy':
      return strings.captureBusy;
    case 'capture_failed':
      return strings.captureFailed;
  }
  if (error.status !== 0) return strings.failed(error.code, error.message);
  return error.code === 'bad_answer' ? strings.badAnswer : strings.unreachable;
}
