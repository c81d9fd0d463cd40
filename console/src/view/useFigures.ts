import { useEffect, useState } from 'preact/hooks';

const EVERY_MS = 1_000;

/** Asks for figures every second while somebody looks; `null` while there are none. */
export function useFigures<T>(ask: (() => Promise<T | null>) | null): T | null {
  const [figures, setFigures] = useState<T | null>(null);
  useEffect(() => {
    setFigures(null);
    if (!ask) return;
    let current = true;
    const look = async () => {
      if (document.hidden) return;
      const next = await ask().catch(() => null);
      if (current) setFigures(next);
    };
    void look();
    const timer = setInterval(() => void look(), EVERY_MS);
    return () => {
      current = false;
      clearInterval(timer);
    };
  }, [ask]);
  return figures;
}
