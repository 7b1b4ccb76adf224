import { foldDisplayName } from '../../../auth/store.js';

/** Compatibility forms can make a name many times longer; what is beyond this does not order or find it. */
const MAX_FOLDED = 100;

const NO_WORD = /[^\p{L}\p{M}\p{N}]+/u;

/** The form of a channel's name that names are ordered and found by. */
export function foldedName(name: string | null): string {
  const folded = foldDisplayName(name ?? '').trim();
  return Array.from(folded).slice(0, MAX_FOLDED).join('');
}

/** The different words of a folded name or query. */
export function wordsOf(folded: string): string[] {
  return [...new Set(folded.split(NO_WORD))].filter((word) => word !== '');
}
