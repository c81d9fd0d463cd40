import { useEffect, useRef, useState } from 'preact/hooks';
import { strings } from '../strings';

const SHOWN_MS = 2_000;

/** A text to copy: one line, or several. Where the browser allows no copying, the text gets selected instead. */
export function CopyField({ label, text, block = false }: { label: string; text: string; block?: boolean }) {
  const line = useRef<HTMLInputElement>(null);
  const lines = useRef<HTMLPreElement>(null);
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);

  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setDone(true);
    } catch {
      line.current?.select();
      if (lines.current) getSelection()?.selectAllChildren(lines.current);
    }
  };
  return (
    <div class={block ? 'copy block' : 'copy'}>
      {block ? (
        <pre ref={lines} tabIndex={0} aria-label={label}>
          {text}
        </pre>
      ) : (
        <label>
          <span>{label}</span>
          <input ref={line} readOnly value={text} onFocus={() => line.current?.select()} />
        </label>
      )}
      <button type="button" aria-label={strings.copyWhat(label)} onClick={() => void copy()}>
        <span aria-live="polite">{done ? strings.copied : strings.copy}</span>
      </button>
    </div>
  );
}
