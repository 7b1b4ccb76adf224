/**
 * Changes with every change of what a text's words are: an index that was made by other rules is made anew at the
 * start. The classes of characters are Unicode's, so its version counts too.
 */
export const WORDS_VERSION = `1 on Unicode ${process.versions['unicode'] ?? 'none'}`;

/** A word of a text, in the form in which it is looked up. */
export interface Word {
  readonly word: string;
  /** Where in the text it begins, in code units; near there where signs before it are folded into more or fewer. */
  readonly at: number;
}

/** Letters, digits and marks that belong together, of one kind of script; or a pictograph or a flag. */
export interface Run {
  readonly kind: 'spaced' | 'unspaced' | 'picture';
  readonly text: string;
  readonly at: number;
  /** The last place of it in the text: what is folded may be longer. */
  readonly last: number;
}

/** Longer words are cut, so that no text makes the index swell. */
const LONGEST_WORD = 64;

/** Soft hyphens and joiners are inside of words and no part of them. */
const RUN =
  /[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N}\u00ad\u200c\u200d]*|\p{Regional_Indicator}{2}|\p{Extended_Pictographic}/gu;

/** Writing systems that put no spaces between words, and Korean, which hangs particles on them. */
const UNSPACED =
  '\\p{scx=Hani}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Bopo}\\p{scx=Hang}\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}';
const BY_SCRIPT = new RegExp(`(?<unspaced>[${UNSPACED}]+)|[^${UNSPACED}]+`, 'gu');

/**
 * Accents, vowel points and variation selectors. The vowel signs of Indic scripts are letters to those who write them,
 * and the two voicing marks of kana make other letters: both stay.
 */
const FOLDED_AWAY =
  /(?![\u3099\u309a])(?=\p{M})[\p{sc=Inherited}\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}]|[\u00ad\u0640\u200c\u200d]/gu;

/** Runs that need no folding but of their capitals: most of them in many languages, and the rest is slow. */
const PLAIN = /^[A-Za-z0-9]+$/;

const LETTERS = /[\p{L}\p{M}\p{N}]+/gu;

/**
 * The words of a text in their order. Scripts with spaces give words as they are; of the others each two neighbouring
 * characters are a word, and the last character of a run alone, so that any part of the run can be found.
 */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  for (const run of runsOf(text)) {
    if (run.kind === 'unspaced') words.push(...pairsOf(run));
    else words.push({ word: run.text, at: run.at });
  }
  return words;
}

/** The runs of a text, folded. */
export function* runsOf(text: string): Generator<Run> {
  for (const { 0: found, index } of text.matchAll(RUN)) {
    const place = { at: index, last: index + found.length - 1 };
    if (PLAIN.test(found)) {
      yield { kind: 'spaced', text: cut(found.toLowerCase()), ...place };
      continue;
    }
    if (!/^[\p{L}\p{M}\p{N}]/u.test(found)) {
      yield { kind: 'picture', text: found, ...place };
      continue;
    }
    for (const [letters] of folded(found).matchAll(LETTERS)) yield* byScript(letters, place);
  }
}

/** Each two neighbours of a run, and its last character. */
export function pairsOf({ text, at, last }: Run): Word[] {
  const characters = Array.from(text);
  let offset = at;
  return characters.map((character, index) => {
    const word = { word: character + (characters[index + 1] ?? ''), at: Math.min(offset, last) };
    offset += character.length;
    return word;
  });
}

function* byScript(letters: string, { at, last }: Pick<Run, 'at' | 'last'>): Generator<Run> {
  for (const { 0: text, index, groups } of letters.matchAll(BY_SCRIPT)) {
    const place = { at: Math.min(at + index, last), last };
    if (groups?.['unspaced'] !== undefined) yield { kind: 'unspaced', text, ...place };
    else yield { kind: 'spaced', text: cut(text), ...place };
  }
}

/** Through upper case, so that ß is ss; a sigma is one at the end of a word, too. */
function folded(run: string): string {
  return run
    .normalize('NFKD')
    .replace(FOLDED_AWAY, '')
    .toUpperCase()
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .normalize('NFC');
}

function cut(word: string): string {
  return word.length <= LONGEST_WORD ? word : Array.from(word).slice(0, LONGEST_WORD).join('');
}
