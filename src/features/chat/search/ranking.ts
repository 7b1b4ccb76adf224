import { type SearchTerm, type Word, wordsOf } from '../search-index/index.js';

/**
 * BM25 with fixed statistics: how often words come, held against the text's length. What differs from the usual formula
 * is that the rarity of words is left out: every match has all of them. So a score depends on the text and the query
 * alone, it does not drift while others write, and a list can be continued where it was left.
 */
const SATURATION = 1.2;
const LENGTH_WEIGHT = 0.75;
const TYPICAL_WORDS = 20;

/** A word that only begins like the one asked for counts as this much of one. */
const BEGINNING = 0.5;

/** Scores are whole numbers of this part. */
const PRECISION = 1000;

/** What a text is worth to a query. */
export interface Rank {
  /** Higher is better. */
  readonly score: number;
  /** Where in the text the first of the terms stands, in code units; 0 when there is none. */
  readonly at: number;
}

/** Ranks a text that has the terms. */
export function rank(text: string, terms: readonly SearchTerm[]): Rank {
  const words = wordsOf(text);
  const length = 1 - LENGTH_WEIGHT + (LENGTH_WEIGHT * words.length) / TYPICAL_WORDS;
  let [score, at] = [0, text.length];
  for (const term of terms) {
    const { weight, first } = occurrences(words, term);
    score += (weight * (SATURATION + 1)) / (weight + SATURATION * length);
    at = Math.min(at, first?.at ?? at);
  }
  return { score: Math.round(score * PRECISION), at: at === text.length ? 0 : at };
}

function occurrences(words: readonly Word[], { words: wanted, isPrefix }: SearchTerm) {
  let weight = 0;
  let first: Word | undefined;
  for (let start = 0; start + wanted.length <= words.length; start += 1) {
    const value = matchAt(words, start, wanted, isPrefix);
    if (value > 0) first ??= words[start];
    weight += value;
  }
  return { weight, first };
}

/** 1 for the words themselves, less when the last one only begins so, 0 for others. */
function matchAt(
  words: readonly Word[],
  start: number,
  wanted: readonly string[],
  isPrefix: boolean,
): number {
  const last = wanted.length - 1;
  if (!wanted.every((word, index) => index === last || words[start + index]?.word === word)) return 0;
  const [found = '', expected = ''] = [words[start + last]?.word, wanted[last]];
  if (found === expected) return 1;
  return isPrefix && found.startsWith(expected) ? BEGINNING : 0;
}
