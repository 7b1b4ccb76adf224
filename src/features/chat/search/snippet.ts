/** Code points of a snippet, ellipses included. */
const LONGEST = 200;

/** What is shown before the match, at most. */
const LEAD = 60;

const ELLIPSIS = '…';

/** What can only follow another character. */
const DEPENDENT = /^[\p{M}\u200d]/u;

/**
 * A plain excerpt of the text around the place `at` (code units), white space made one space each: at most 200 code
 * points, with an ellipsis where the text goes on. It is cut between words where there is a space near enough.
 */
export function snippetOf(text: string, at: number): string {
  const start = at + text.slice(at).search(/\S|$/);
  const before = Array.from(text.slice(0, start).replace(/\s+/g, ' ').trimStart());
  const after = Array.from(text.slice(start).replace(/\s+/g, ' ').trimEnd());
  if (before.length + after.length <= LONGEST) return [...before, ...after].join('');
  const lead = leadOf(before, LONGEST - after.length);
  const rest = restOf(after, LONGEST - lead.length);
  return [...lead, ...rest].join('');
}

/** The end of what stands before the match: more than `LEAD` when little follows. */
function leadOf(before: readonly string[], spare: number): readonly string[] {
  const space = Math.max(LEAD, spare);
  if (before.length <= space) return before;
  const kept = before.slice(before.length - space + 1);
  const gap = kept.slice(0, LEAD / 2).indexOf(' ');
  const start = gap === -1 ? kept.findIndex((character) => !DEPENDENT.test(character)) : gap + 1;
  return [ELLIPSIS, ...kept.slice(Math.max(0, start))];
}

function restOf(after: readonly string[], space: number): readonly string[] {
  if (after.length <= space) return after;
  let end = space - 1;
  while (end > 1 && DEPENDENT.test(after[end] ?? '')) end -= 1;
  const gap = after.slice(0, end + 1).lastIndexOf(' ');
  return [...after.slice(0, gap > end - LEAD / 2 ? gap : end), ELLIPSIS];
}
