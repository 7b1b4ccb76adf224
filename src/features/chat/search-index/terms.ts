import { pairsOf, type Run, runsOf } from './words.js';

/** What a text must have, to be found: words one directly after the other. */
export interface SearchTerm {
  /** At least one. */
  readonly words: readonly string[];
  /** Whether the last of the words may go on. */
  readonly isPrefix: boolean;
}

/**
 * What a query asks for: every term, anywhere in the text. There is no syntax in a query: signs separate words, and a
 * query without words asks for nothing. The last word may be the beginning of one.
 */
export function termsOf(query: string): SearchTerm[] {
  const runs = [...runsOf(query)];
  const terms = runs.map((run, index) => termOf(run, index === runs.length - 1));
  return [...new Map(terms.map((term) => [`${term.words.join(' ')} ${term.isPrefix}`, term])).values()];
}

function termOf(run: Run, isLast: boolean): SearchTerm {
  if (run.kind !== 'unspaced') return { words: [run.text], isPrefix: isLast && run.kind === 'spaced' };
  const pairs = pairsOf(run).map(({ word }) => word);
  return pairs.length === 1
    ? { words: pairs, isPrefix: true }
    : { words: pairs.slice(0, -1), isPrefix: false };
}
