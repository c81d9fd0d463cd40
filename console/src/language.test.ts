import { describe, expect, it } from 'vitest';
import { language } from './language';
import { strings } from './strings';
import { chinese } from './strings.zh';

describe('language', () => {
  it('is the one chosen, else the browser\'s', () => {
    expect(language(null, 'zh-CN')).toBe('zh');
    expect(language(null, 'en-US')).toBe('en');
    expect(language('en', 'zh-CN')).toBe('en');
    expect(language('zh', 'de')).toBe('zh');
    expect(language('xx', 'ZH')).toBe('zh');
  });

  it('has every text in Chinese', () => {
    expect(keys(chinese)).toEqual(keys(strings));
  });
});

function keys(value: object, at = ''): string[] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' ? keys(inner as object, `${at}${key}.`) : [`${at}${key}`],
  ).sort();
}
