import { ValidateBy } from 'class-validator';
import { isDisplayName, isNameQuery, isNewPassword, isPasswordGuess, isUsername } from './names.js';

/** 3–32 of `a-z 0-9 _ . -`, in either case. */
export const IsUsername = rule('isUsername', isUsername, 'must be 3 to 32 of a-z 0-9 _ . -');

/** A password to be set: 8–256 characters. */
export const IsNewPassword = rule('isNewPassword', isNewPassword, 'must have 8 to 256 characters');

/** A password to be compared: what could never be one is still only wrong, unless it is empty or a burden. */
export const IsPasswordGuess = rule('isPasswordGuess', isPasswordGuess, 'must have 1 to 256 characters');

/** 1–64 characters after NFKC, none of them invisible. */
export const IsDisplayName = rule(
  'isDisplayName',
  isDisplayName,
  'must have 1 to 64 characters, visible ones, without control, zero-width and bidirectional characters',
);

/** The beginning of a name to be found: 1–200 characters. */
export const IsNameQuery = rule(
  'isNameQuery',
  isNameQuery,
  'must have 1 to 200 characters, well-formed ones',
);

function rule(name: string, test: (text: string) => boolean, message: string): () => PropertyDecorator {
  const validate = (value: unknown): boolean => typeof value === 'string' && test(value);
  return () => ValidateBy({ name, validator: { validate, defaultMessage: () => message } });
}
