import { type Key, SETTINGS } from './settings/settings.js';

/** First words that others use for keys of their own. */
const COMMON_WORDS: readonly string[] = ['NODE', 'USER'];

const PREFIXES = new Set(
  Object.keys(SETTINGS)
    .filter((key) => key.includes('_'))
    .map(firstWord)
    .filter((word) => !COMMON_WORDS.includes(word)),
);

/** One line for each key that looks like one of ours and is none: most likely a slip of the pen. */
export function unknownKeys(keys: readonly string[]): readonly string[] {
  return keys
    .filter((key) => key.includes('_') && PREFIXES.has(firstWord(key)) && !(key in SETTINGS))
    .map((key) => `${key} is not a key of this service${suggestion(key)}`);
}

function suggestion(key: string): string {
  const near = Object.keys(SETTINGS).find((candidate) => differsLittle(key, candidate as Key));
  return near === undefined ? '' : `: is ${near} meant?`;
}

/** Whether one text becomes the other when one stretch of at most two characters is exchanged. */
function differsLittle(left: string, right: string): boolean {
  let start = 0;
  while (start < left.length && left[start] === right[start]) start++;
  let end = 0;
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end++;
  return Math.max(left.length, right.length) - start - end <= 2;
}

function firstWord(key: string): string {
  return key.slice(0, key.indexOf('_'));
}
