import type { ValidationError } from 'class-validator';
import type { ErrorDetail } from './realtime-error.js';

/** The broken rules of class-validator's error, those of nested objects included, and nothing of the values. */
export function detailsOf(error: ValidationError, parent = ''): ErrorDetail[] {
  const path = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = Object.entries(error.constraints ?? {}).map(([rule, message]) => ({
    path,
    message: rule === 'whitelistValidation' ? 'unknown property' : message,
  }));
  return [...own, ...(error.children ?? []).flatMap((child) => detailsOf(child, path))];
}
