import { ValidateBy, ValidateIf, type ValidationOptions } from 'class-validator';
import { isText, type TextRules } from './text.js';

/** The property may be absent; if it is there, `null` is not enough. */
export const Optional = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

/** Text of so many code points, well-formed and without control characters. */
export function IsText(rules: TextRules, options: ValidationOptions = {}): PropertyDecorator {
  const but = rules.hasLines === true ? ' other than line breaks and tabs' : '';
  return ValidateBy(
    {
      name: 'isText',
      validator: {
        validate: (value: unknown) => isText(value, rules),
        defaultMessage: () =>
          `must be text of ${rules.min} to ${rules.max} characters, well-formed and without control characters${but}`,
      },
    },
    options,
  );
}

/** The id of anything. Whether it names something is for the store to say. */
export const IsId = (options: ValidationOptions = {}): PropertyDecorator =>
  IsText({ min: 1, max: 64 }, options);
