import { ERROR_STATUS } from '../errors/error-code.js';

/** What became of something that went well. */
export const OK = 'ok';

/** A code as a label's value: one of ours, or `other` for what a module thought of by itself. */
export function outcomeOf(code: string): string {
  return Object.hasOwn(ERROR_STATUS, code) ? code : 'other';
}
