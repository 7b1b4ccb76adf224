/** What people who write samples write in place of a secret. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'a admin an at bearer change changeme characters default demo dev development dummy example fixme foo bar baz generate here in ' +
    'insecure key least long me my of or password placeholder please production put random replace sample secret some strong string ' +
    'super test the this to token use value with x xx xxx xxxx your'
  ).split(' '),
);

/** Secrets that stand in the documentation of others. */
const PUBLISHED: ReadonlySet<string> = new Set(['minioadmin', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY']);

/** Whether a secret was copied from a sample: one that is published, or that consists of nothing but such words. */
export function isSampleSecret(secret: string): boolean {
  const words = secret.toLowerCase().split(/[^a-z]+/);
  const spelled = words.filter((word) => word !== '');
  return PUBLISHED.has(secret) || (spelled.length > 0 && spelled.every((word) => WORDS.has(word)));
}
