import type { Users } from '../../auth/index.js';

/** A name after an `@` that stands at the beginning of a word. */
const NAMED = /(?<![\p{L}\p{N}_.@-])@([a-z0-9_.-]{3,32})(?![a-z0-9_])/giu;

const SHORTEST_NAME = 3;

/**
 * The usernames that a text may name as `@username`, folded, each once. `@ann.` may mean `ann.` or, at the end of a
 * sentence, `ann`: both are given.
 */
export function namesIn(text: string): string[] {
  const names = new Set<string>();
  if (!text.includes('@')) return [];
  for (const [, name = ''] of text.matchAll(NAMED)) {
    const folded = name.toLowerCase();
    const bare = withoutTrailingMarks(folded);
    for (const candidate of [folded, bare]) if (candidate.length >= SHORTEST_NAME) names.add(candidate);
  }
  return [...names];
}

function withoutTrailingMarks(name: string): string {
  let end = name.length;
  while (end > 0 && '.-'.includes(name.charAt(end - 1))) end -= 1;
  return name.slice(0, end);
}

/** The users whom a text names as `@username`, in that order. */
export async function namedIds(users: Users, text: string): Promise<string[]> {
  const names = namesIn(text);
  if (names.length === 0) return [];
  return (await users.byUsernames(names)).map(({ id }) => id);
}
