import { describe, expect, it } from '@jest/globals';
import { namesIn } from './named-users.js';

describe('names in a text', () => {
  it.each<[string, string[]]>([
    ['no names', []],
    ['@ann', ['ann']],
    ['hello @Ann!', ['ann']],
    ['(@ann_b, @c.d-e)', ['ann_b', 'c.d-e']],
    ['ask @ann.', ['ann.', 'ann']],
    ['ask @ann...', ['ann...', 'ann']],
    ['@ann @ann @ANN', ['ann']],
    ['@al', []],
    ['ann@example.com', []],
    ['ünn@example.com', []],
    ['@@ann', []],
    [`@${'x'.repeat(32)}`, ['x'.repeat(32)]],
    [`@${'x'.repeat(33)}`, []],
    ['行@ann', []],
    ['「@ann」', ['ann']],
  ])('in "%s" are %j', (text, names) => {
    expect(namesIn(text)).toEqual(names);
  });

  it('are looked for in any text within milliseconds', () => {
    const texts = [
      '@'.repeat(8000),
      `@${'a'.repeat(7999)}`,
      '@a.'.repeat(2666),
      '@abc-'.repeat(1600),
      '@abc '.repeat(1600),
    ];
    const start = performance.now();
    for (const text of texts) namesIn(text);
    expect(performance.now() - start).toBeLessThan(50);
  });

  it('are all found, whatever stands before them', () => {
    const text = Array.from({ length: 500 }, (_, index) => `@name${index}`).join(' ');
    expect(namesIn(text)).toHaveLength(500);
  });
});
