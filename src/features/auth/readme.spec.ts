import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from '../../realtime/index.js';

const FOLDER = import.meta.dirname;
const CODE = /`([A-Z]+(?:_[A-Z]+)*)`/g;

describe('the README of auth', () => {
  let readme: string;
  let sources: string[];

  beforeAll(async () => {
    readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
    const files = await readdir(FOLDER, { recursive: true });
    const isSource = (file: string) => file.endsWith('.ts') && !/(spec|contract|testing)\.ts$/.test(file);
    sources = await Promise.all(
      files.filter(isSource).map(async (file) => readFile(join(FOLDER, file), 'utf8')),
    );
  });

  /** The rows of the table under a heading, without its head. */
  function table(heading: string): string[][] {
    const [, section = ''] = readme.split(`## ${heading}\n`);
    const [body = ''] = section.split('\n## ');
    const rows = body.split('\n').filter((line) => line.startsWith('|'));
    return rows.slice(2).map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  }

  function named(heading: string, column = 0): string[] {
    return table(heading).flatMap((row) =>
      [...(row[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
    );
  }

  function inSource(pattern: RegExp): string[] {
    return sources.flatMap((source) => [...source.matchAll(pattern)].map(([, found = '']) => found));
  }

  it('lists every request', () => {
    expect(sorted(named('Requests'))).toEqual(sorted(inSource(/@SubscribeMessage\('([^']+)'\)/g)));
  });

  it('lists every push', () => {
    expect(sorted(named('Pushes'))).toEqual(sorted(inSource(/\.push\('([^']+)'/g)));
  });

  it('lists every call', () => {
    const calls = sources.flatMap((source) => {
      const [, base] = /@Controller\('([^']+)'\)/.exec(source) ?? [];
      const routes = [...source.matchAll(/@(Get|Post)\('([^']+)'\)/g)];
      return routes.map(([, method = '', path]) => `${method.toUpperCase()} /${base}/${path}`);
    });
    expect(sorted(named('HTTP'))).toEqual(sorted(calls));
  });

  it('lists every close', () => {
    expect(sorted(named('Closes', 1))).toEqual(sorted(inSource(/reason: '([^']+)'/g)));
  });

  it('names every code that the source refuses with, and no code that there is not', () => {
    const made = { forbidden: 'FORBIDDEN', notFound: 'NOT_FOUND' };
    const helpers = Object.entries(made).filter(
      ([name]) => inSource(new RegExp(`(throw ${name}\\()`, 'g')).length > 0,
    );
    const thrown = [...inSource(/new RealtimeError\('([A-Z_]+)'/g), ...helpers.map(([, code]) => code)];
    const documented = [...readme.matchAll(CODE)]
      .map(([, code = '']) => code)
      .filter((code) => !/^(?:RATE|AUTH)_[A-Z]+/.test(code) || Object.hasOwn(ERROR_STATUS, code));
    expect(documented).toEqual(expect.arrayContaining(thrown));
    expect(Object.keys(ERROR_STATUS)).toEqual(expect.arrayContaining(documented));
  });
});

function sorted(names: readonly string[]): string[] {
  expect(names).not.toHaveLength(0);
  return [...new Set(names)].toSorted();
}
