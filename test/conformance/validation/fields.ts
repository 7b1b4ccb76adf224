/** A value as it stands in a frame: JSON has forms that no object of JavaScript is written as. */
type Raw = string;

/** Stands in refused values, so that an answer that repeats one of them is found out. */
export const MARK = 'sesame';

/** What no field takes unless it says so. */
export const ODDITIES = {
  'an object': `{"a":"${MARK}"}`,
  'an operator': `{"$ne":"${MARK}"}`,
  'an array': `["${MARK}"]`,
  'an empty array': '[]',
  'a number': '7',
  'a fraction': '1.5',
  'a negative number': '-7',
  'an infinite number': '1e309',
  'negative zero': '-0',
  'a number beyond the safe ones': '9007199254740992',
  'a boolean': 'true',
  null: 'null',
  'no text': '""',
  'an operator as text': `"$ne ${MARK}"`,
  'text with U+0000': `"${MARK}\\u0000${MARK}"`,
  'text with a control': `"${MARK}\\u0007"`,
  'text with a lone surrogate': `"${MARK}\\ud800"`,
} as const satisfies Record<string, Raw>;

export type Oddity = keyof typeof ODDITIES;

/** What one field takes and refuses. */
export interface Field {
  readonly isRequired: boolean;
  /** Oddities whose form is right here: they are answered as any other value is. */
  readonly takes: readonly Oddity[];
  /** Values at the edge of what is right, by what they are. */
  readonly fits: Readonly<Record<string, Raw>>;
  /** Values just beyond it. */
  readonly breaks: Readonly<Record<string, Raw>>;
}

const TEXTS = ['an operator as text'] as const;
const NUMBERS = ['a number'] as const;

/** A character of two code units, so that counting those is found out. */
const WIDE = '𝄞';

export const text = (value: unknown): Raw => JSON.stringify(value);
const wide = (count: number): Raw => text(WIDE.repeat(count));
const ids = (count: number): Raw => text(Array.from({ length: count }, (_, index) => `nobody-${index}`));

function field(values: Partial<Field>): Field {
  return { isRequired: true, takes: [], fits: {}, breaks: {}, ...values };
}

export const optional = (one: Field): Field => ({ ...one, isRequired: false });

/** As the field, with oddities that are right here. */
export const taking = (one: Field, ...takes: readonly Oddity[]): Field => ({
  ...one,
  takes: [...one.takes, ...takes],
});

/** An id of anything. One that names nothing is right in form. */
export const id = field({
  takes: TEXTS,
  fits: { '64 characters': wide(64) },
  breaks: { '65 characters': wide(65), 'very long text': text('x'.repeat(20_000)) },
});

/** Ids of anything. */
export function idList(most: number): Field {
  return field({
    takes: ['an array', 'an empty array'],
    fits: { [`${most} ids`]: ids(most), 'a long id': `[${wide(64)}]` },
    breaks: {
      [`${most + 1} ids`]: ids(most + 1),
      'too long an id': `[${wide(65)}]`,
      'an id that is a number': '[7]',
      'an id that is null': '[null]',
      'an id that is an object': `[{"$ne":"${MARK}"}]`,
      'an id that is a list': `[["${MARK}"]]`,
      'an id with U+0000': `["${MARK}\\u0000"]`,
      'an id with a lone surrogate': `["${MARK}\\ud800"]`,
    },
  });
}

/** Ids of which there is at least one. */
export function someIds(most: number): Field {
  const list = idList(most);
  return { ...list, takes: ['an array'] };
}

/** A place in a log; `fits` is one that there is. */
export const seq = field({ takes: NUMBERS, breaks: { zero: '0', 'a number as text': '"1"' } });

/** A number of items. */
export function limit(most: number): Field {
  return optional(
    field({
      takes: NUMBERS,
      fits: { one: '1', 'the most': String(most) },
      breaks: { zero: '0', 'one more': String(most + 1), 'a number as text': '"1"' },
    }),
  );
}

/** A whole number. */
export function count(least: number, most: number): Field {
  return field({
    takes: least === 0 ? ['a number', 'negative zero'] : NUMBERS,
    fits: { 'the least': String(least), 'the most': String(most) },
    breaks: { 'one less': String(least - 1), 'one more': String(most + 1), 'a number as text': '"1"' },
  });
}

/** Text of so many characters. */
export function words(least: number, most: number, takes: readonly Oddity[] = []): Field {
  const edge = least > 1 ? { 'too short': wide(least - 1) } : {};
  return field({
    takes: [...TEXTS, ...takes, ...(least === 0 ? (['no text'] as const) : [])],
    fits: { [`${most} characters`]: wide(most), [`${least} characters`]: wide(least) },
    breaks: { [`${most + 1} characters`]: wide(most + 1), 'a lone trailing half': '"trail\\udc00"', ...edge },
  });
}

/** One of a few words. */
export function choice(...options: readonly string[]): Field {
  return field({
    fits: Object.fromEntries(options.map((option) => [option, text(option)])),
    breaks: { 'another word': text(MARK), 'a choice in capitals': text(options[0]?.toUpperCase()) },
  });
}

export const flag = field({ takes: ['a boolean'], breaks: { 'a flag as text': '"true"' } });

/** What an answer gives to go on with: whatever a client makes up is refused. */
export const cursor = optional(
  field({
    breaks: {
      'another word': text(MARK),
      'base64 of nothing': text(Buffer.from('null').toString('base64url')),
      'base64 of a list': text(Buffer.from(`["${MARK}"]`).toString('base64url')),
      'very long text': text('x'.repeat(20_000)),
    },
  }),
);

/** A time to come, in UTC; `null` is for ever, or ends it. */
export const until = optional(
  field({
    takes: ['null'],
    fits: {
      seconds: '"2999-01-01T00:00:00Z"',
      milliseconds: '"2999-01-01T00:00:00.000Z"',
    },
    breaks: {
      'a time gone by': '"2001-01-01T00:00:00Z"',
      'another zone': '"2999-01-01T00:00:00+02:00"',
      'no zone': '"2999-01-01T00:00:00"',
      'a day': '"2999-01-01"',
      'no such day': '"2999-02-30T00:00:00Z"',
      'another calendar': '"2999-W01-1"',
    },
  }),
);

/** One grapheme of as many marks: two bytes each, after the letter. */
const marked = (letter: string, marks: number): Raw => text(letter + '\u0301'.repeat(marks));

export const emoji = field({
  fits: {
    'a heart': '"❤️"',
    'a family': '"👨‍👩‍👧‍👦"',
    'a flag': '"🇺🇦"',
    'a letter': '"a"',
    '64 bytes': marked('é', 31),
  },
  breaks: {
    two: '"👍👍"',
    'a word': text(MARK),
    'a space': '" "',
    '65 bytes': marked('e', 32),
    'a family of ten': text(Array.from({ length: 10 }, () => '🧑').join('\u200d')),
  },
});

export const meta = optional(
  field({
    takes: ['an object', 'an operator'],
    fits: {
      '4096 bytes': `{"x":"${'y'.repeat(4096 - 8)}"}`,
      '4096 bytes of wide text': text({ x: `${'é'.repeat((4096 - 8) / 2)}` }),
      nothing: '{}',
    },
    breaks: {
      '4097 bytes': `{"x":"${'y'.repeat(4096 - 7)}"}`,
      '4098 bytes of wide text': text({ x: 'é'.repeat((4096 - 6) / 2) }),
      'U+0000 inside': '{"a":[{"b":"\\u0000"}]}',
      'a lone surrogate as a key': '{"a":{"\\ud800":1}}',
      'an infinite number inside': '{"a":1e309}',
    },
  }),
);
