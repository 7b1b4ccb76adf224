import { SETTINGS } from '../../src/config/index.js';

/** The rows of `docs/configuration.md`, in the order of the declarations. */
export function documentedRows(): string[] {
  return Object.entries(SETTINGS).map(
    ([key, { shownDefault, unit, allowed, meaning }]) =>
      `| \`${key}\` | ${shownDefault} | ${unit} | ${allowed} | ${meaning}. |`,
  );
}

/** The lines of `.env` for each key: what it means, and its default, commented out. */
export function envLines(): string[] {
  return Object.entries(SETTINGS).flatMap(([key, { shownDefault, unit, meaning }]) => {
    const value = /^[\w./:-]+$/.test(shownDefault) ? shownDefault : '';
    return [`# ${meaning}${unit === '' ? '' : ` [${unit}]`}`, `#${key}=${value}`];
  });
}
