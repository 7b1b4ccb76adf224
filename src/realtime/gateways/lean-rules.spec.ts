import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Min,
  Validate,
  validate,
  ValidateBy,
  ValidateIf,
  ValidateNested,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
} from 'class-validator';
import fc from 'fast-check';
import { LeanRules } from './lean-rules.js';

const IsLater = (): PropertyDecorator =>
  ValidateBy({
    name: 'isLater',
    validator: {
      validate: (value: unknown, terms) =>
        Number(value) > Number((terms?.object as Sample | undefined)?.from),
    },
  });

class Base {
  @IsString()
  @Length(1, 3)
  id!: unknown;
}

class Sample extends Base {
  @IsInt()
  @Min(0)
  from!: unknown;

  @IsOptional()
  @IsLater()
  to?: unknown;

  @ValidateIf(({ kind }: Sample) => kind === 'list')
  @IsArray()
  @ArrayMaxSize(3)
  @ArrayUnique()
  @IsString({ each: true })
  list?: unknown;

  @IsDefined()
  kind: unknown = 'plain';
}

class Nested {
  @ValidateNested()
  @Type(() => Base)
  inner!: Base;
}

class Grouped {
  @IsString({ groups: ['admin'] })
  name!: string;
}

@ValidatorConstraint({ name: 'slow', async: true })
class IsSlow implements ValidatorConstraintInterface {
  async validate(): Promise<boolean> {
    return await Promise.resolve(false);
  }
}

class Slow {
  @Validate(IsSlow)
  value!: unknown;
}

class Late {
  @ValidateBy({ name: 'late', validator: { validate: async () => Promise.resolve(false) } })
  value!: unknown;
}

class Ruleless {}

const ANYTHING = fc.oneof(
  fc.constantFrom('list', 'plain', '', 'abc', 'abcd', 0, 1, -1, 0.5, null, undefined, true),
  fc.array(fc.constantFrom('a', 'b', 1, null), { maxLength: 5 }),
  fc.constant(new Set(['a'])),
  fc.constant(new Map([['key', 1]])),
);

const BODIES = fc.dictionary(
  fc.constantFrom('id', 'from', 'to', 'list', 'kind', 'unknown', 'constructorName'),
  ANYTHING,
);

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

describe('the rules of a class, looked up once', () => {
  it('accept just what the library finds no error in', async () => {
    let accepted = 0;
    const property = fc.asyncProperty(BODIES, fc.boolean(), async (some, isWhole) => {
      const whole = isWhole ? { id: 'a', from: 1, ...some } : some;
      const body = Object.assign(new Sample(), whole);
      const isAccepted = LeanRules.of(Sample)?.accept(body);
      accepted += Number(isAccepted);
      expect(isAccepted).toBe((await validate(body, STRICT)).length === 0);
    });
    await fc.assert(property, { numRuns: 2000 });
    expect(accepted).toBeGreaterThan(50);
  });

  it.each([Nested, Grouped, Slow, Ruleless])('are left to the library for %p', (type) => {
    expect(LeanRules.of(type)).toBeUndefined();
  });

  it('say nothing of a rule that turns out to be asynchronous', () => {
    expect(LeanRules.of(Late)?.accept(Object.assign(new Late(), { value: 1 }))).toBe(false);
  });
});
