const USERNAME = /^[a-zA-Z0-9_.-]{3,32}$/;
const ID = /^[\w-]{1,64}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;
const SHORTEST_PASSWORD = 8;
const LONGEST_PASSWORD = 256;
const LONGEST_DISPLAY_NAME = 64;
const LONGEST_QUERY = 200;

/** Emoji that are joined into one, a family for example: the only place where a joiner shows. */
const JOINED_EMOJI =
  /\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)+/gu;
/** Chooses between the text and the emoji form of what stands before it. */
const PRESENTATION = /\p{Emoji}[\uFE0E\uFE0F]/gu;
/** Control characters, line separators, and all that has no width of its own, tags and bidirectional marks included. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/u;
const ALL_UNSEEN = new RegExp(UNSEEN, 'gu');
/** As people count them: an emoji of several is cut out whole. */
const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });
const SURROGATES = /\p{Surrogate}/gu;
/** Anything but spaces and marks that need something to stand on. */
const VISIBLE = /[^\p{White_Space}\p{M}]/u;

/** Characters as the contract counts them: code points. */
export function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

/** Whether `text` could be one of our ids. What could not is unknown, and not every text can be asked of a database. */
export function isId(text: string): boolean {
  return ID.test(text);
}

export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** Letters of either case; only ASCII is folded, so that no look-alike of another script becomes one. */
export function isUsername(text: string): boolean {
  return USERNAME.test(text);
}

export function foldUsername(username: string): string {
  return username.toLowerCase();
}

export function isNewPassword(text: string): boolean {
  const length = lengthOf(text);
  return length >= SHORTEST_PASSWORD && length <= LONGEST_PASSWORD && isWellFormed(text);
}

/** A password that somebody claims to be theirs. */
export function isPasswordGuess(text: string): boolean {
  return text !== '' && lengthOf(text) <= LONGEST_PASSWORD && isWellFormed(text);
}

export function isDisplayName(text: string): boolean {
  if (!isWellFormed(text)) return false;
  const name = normalDisplayName(text);
  return lengthOf(name) <= LONGEST_DISPLAY_NAME && VISIBLE.test(name) && !UNSEEN.test(withoutEmoji(name));
}

/** The form in which a display name is stored and shown: NFKC. */
export function normalDisplayName(text: string): string {
  return text.normalize('NFKC');
}

/** The nearest display name to a text that somebody else chose; `null` if nothing of it can be seen. */
export function cleanedDisplayName(text: string): string | null {
  const plain = normalDisplayName(text.replaceAll(SURROGATES, ''));
  const candidates = [plain, plain.replaceAll(ALL_UNSEEN, '').trim()].map(shortened);
  return candidates.find(isDisplayName) ?? null;
}

function shortened(text: string): string {
  let name = '';
  for (const { segment } of CHARACTERS.segment(text)) {
    if (lengthOf(name + segment) > LONGEST_DISPLAY_NAME) break;
    name += segment;
  }
  return name;
}

/**
 * The form in which prefixes of display names are compared. The sigma that ends a word is folded too, or the beginning
 * of a word would not be one.
 */
export function foldDisplayName(name: string): string {
  return name.normalize('NFKC').toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');
}

/** What users are looked for by. */
export function isNameQuery(text: string): boolean {
  const length = lengthOf(text);
  return length >= 1 && length <= LONGEST_QUERY && isWellFormed(text);
}

function withoutEmoji(name: string): string {
  return name.replace(JOINED_EMOJI, '').replace(PRESENTATION, '');
}
