import { useEffect, useState } from 'preact/hooks';
import type { PullUrls } from '../api/types';
import { explain } from '../explain';
import { strings } from '../strings';
import { useServices } from './context';
import { CopyField } from './CopyField';

/** The addresses under which others play a stream. Made when asked for: they are secrets that expire. */
export function PullUrlPanel({ room, stream, version }: { room: string; stream: string; version: number }) {
  const { api } = useServices();
  const [urls, setUrls] = useState<PullUrls | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    api.pullUrls(room, stream).then(
      (made) => current && setUrls(made),
      (thrown: unknown) => current && setProblem(explain(thrown)),
    );
    return () => {
      current = false;
    };
  }, [api, room, stream, version]);

  if (problem !== null) return <p class="urls warn">{problem}</p>;
  if (!urls) return <p class="urls quiet">{strings.loading}</p>;
  return (
    <div class="urls">
      {urls.rtmp && <CopyField label="RTMP" text={urls.rtmp} />}
      {urls.http_flv && <CopyField label="HTTP-FLV" text={urls.http_flv} />}
      {urls.ws_flv && <CopyField label="WS-FLV" text={urls.ws_flv} />}
      {urls.whep && <CopyField label="WHEP" text={urls.whep} />}
    </div>
  );
}
