/** Control characters, line separators, and what turns the direction of text. */
const HIDDEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The same, but for what JSON has escaped already: everything below U+0020. */
const LEFT_BY_JSON = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

const ESCAPE = '\u001b';

/** What follows an escape in a colour, as our own lines for people have them. */
const COLOUR = /\[[\d;]*m/y;

/** A text in one line that shows what would otherwise act on the terminal: `\u001b` for an escape. */
export function visible(text: string): string {
  return text.replace(HIDDEN, escaped);
}

/** A line of JSON whose texts show everything; it stays the same JSON. */
export function visibleJson(line: string): string {
  return line.replace(LEFT_BY_JSON, escaped);
}

/** Lines for people: their breaks, tabs and colours stay. */
export function visibleLines(text: string): string {
  return text.replace(HIDDEN, (character, at: number) => {
    if (character === '\n' || character === '\t') return character;
    COLOUR.lastIndex = at + 1;
    return character === ESCAPE && COLOUR.test(text) ? character : escaped(character);
  });
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
