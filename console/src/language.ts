/** The language of the page: as chosen here, else as the browser's. */

export type Language = 'en' | 'zh';

const KEY = 'lianmai.language';

export function language(kept: string | null = keptChoice(), browser = globalThis.navigator?.language ?? ''): Language {
  if (kept === 'en' || kept === 'zh') return kept;
  return browser.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** Chooses the other language. The page has to be loaded again. */
export function switchLanguage(): void {
  try {
    localStorage.setItem(KEY, language() === 'zh' ? 'en' : 'zh');
  } catch {
    // A browser that keeps nothing goes on in its own language.
  }
}

function keptChoice(): string | null {
  try {
    return globalThis.localStorage?.getItem(KEY) ?? null;
  } catch {
    return null;
  }
}
