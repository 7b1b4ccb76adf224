import { expect } from '@jest/globals';
import type { Json } from 'parley/testing';
import { type Field, MARK, ODDITIES } from './fields.js';

/** What became of a value: `taken`, or the paths that the failure names. */
type Verdict = string;

/** A value by what it is, as it stands in JSON; without one the field is missing. */
type Values = readonly (readonly [what: string, raw: string | undefined, isTaken: boolean])[];

/** Every value that a field is tried with. */
export function valuesOf({ isRequired, takes, fits, breaks }: Field): Values {
  const odd = Object.entries(ODDITIES).map(
    ([what, raw]) => [what, raw, takes.some((one) => one === what)] as const,
  );
  const right = Object.entries(fits).map(([what, raw]) => [what, raw, true] as const);
  const wrong = Object.entries(breaks).map(([what, raw]) => [what, raw, false] as const);
  return [['nothing', undefined, !isRequired], ...odd, ...right, ...wrong];
}

/** The object as JSON, with one property as it is written. */
export function withField(base: object, name: string, raw: string | undefined): string {
  const others = Object.entries(base).filter(([key, value]) => key !== name && value !== undefined);
  const texts = others.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  if (raw !== undefined) texts.push(`${JSON.stringify(name)}:${raw}`);
  return `{${texts.join(',')}}`;
}

/** What a failure says of the fields; every part of it is looked at. */
export function verdictOn(failure: Json | undefined, details: unknown): Verdict {
  if (failure?.['code'] !== 'VALIDATION_FAILED') return 'taken';
  expect(JSON.stringify(failure)).not.toContain(MARK);
  const named = details as Json[];
  for (const one of named) {
    expect(one).toEqual({ path: expect.any(String), message: expect.stringMatching(/./) });
  }
  expect(named).not.toHaveLength(0);
  return `refused: ${[...new Set(named.map(({ path }) => String(path)))].join(', ')}`;
}

/** The verdicts that the field should meet. */
export function expectedVerdicts(name: string, values: Values): Record<string, Verdict> {
  return Object.fromEntries(
    values.map(([what, , isTaken]) => [what, isTaken ? 'taken' : `refused: ${name}`]),
  );
}
