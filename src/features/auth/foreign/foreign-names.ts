import { randomBytes } from 'node:crypto';
import { cleanedDisplayName } from '../accounts/names.js';

const SHORTEST = 3;
const LONGEST = 32;
const NAMELESS = 'user';
const LAST_NUMBER = 9;
const RANDOM_BYTES = 6;
/** What a claim is read of, whatever it holds. */
const LONGEST_CLAIM = 1_024;

/**
 * Usernames for somebody whom another provider calls `claim`, the best first: the name as our rules allow it, then with a number
 * behind it, at last with one that nobody has.
 */
export function usernamesFor(claim: unknown): string[] {
  const base = typeof claim === 'string' ? allowedIn(claim) : '';
  const name = base.length < SHORTEST ? NAMELESS : base;
  const numbers = Array.from({ length: LAST_NUMBER - 1 }, (_, index) => `-${index + 2}`);
  return ['', ...numbers, `-${randomBytes(RANDOM_BYTES).toString('hex')}`].map(
    (suffix) => name.slice(0, LONGEST - suffix.length) + suffix,
  );
}

/** The claim as a display name, cleaned by our rules; `null` if nothing remains that could be seen. */
export function displayNameFor(claim: unknown): string | null {
  return typeof claim === 'string' ? cleanedDisplayName(claim.slice(0, LONGEST_CLAIM)) : null;
}

/** Letters without their accents, and a hyphen for each run of all else; a letter of another script is no other letter. */
function allowedIn(claim: string): string {
  return claim
    .slice(0, LONGEST_CLAIM)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_.-]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, LONGEST)
    .replace(/-+$/, '');
}
