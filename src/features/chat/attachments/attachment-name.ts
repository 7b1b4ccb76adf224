const LONGEST_NAME = 255;
const NAMELESS = 'file';

/** Controls, what is invisible or turns text around, line and paragraph separators, and what ends a folder's name. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}/\\]/gu;

/**
 * The name that a file is shown and saved under: what the client called it, without its folders and without
 * characters that mislead readers or file systems. It never becomes a path of ours.
 */
export function attachmentName(given: string): string {
  const base = given.split(/[/\\]/).at(-1) ?? '';
  const characters = Array.from(base.normalize('NFC').replaceAll(UNSAFE, ''));
  const name = characters.slice(0, LONGEST_NAME).join('').trim();
  return /^\.*$/.test(name) ? NAMELESS : name;
}
