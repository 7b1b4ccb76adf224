import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from '../../../realtime/index.js';

const FOLDER = import.meta.dirname;
const read = (file: string): string => readFileSync(join(FOLDER, file), 'utf8');

describe('the README of attachments', () => {
  const readme = read('README.md');
  const sources = readdirSync(FOLDER, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts') && !/(spec|contract|testing)\.ts$/.test(file))
    .map(read);

  it('lists every call', () => {
    const controller = read('http/attachments.controller.ts');
    const calls = [...controller.matchAll(/@(Get|Post)\((?:'([^']+)')?\)/g)].map(
      ([, method = '', path]) =>
        `${method.toUpperCase()} /attachments${path === undefined ? '' : `/${path}`}`,
    );
    const listed = [...readme.matchAll(/^\| `((?:GET|POST) [^`]+)`/gm)].map(([, call]) => call);
    expect(new Set(listed)).toEqual(new Set(calls));
  });

  it('names every code that the source refuses with, and no code that there is not', () => {
    const thrown = sources.flatMap((source) =>
      [...source.matchAll(/new RealtimeError\('([A-Z_]+)'/g)].map(([, code]) => code),
    );
    const listed = [...readme.matchAll(/`([A-Z]+(?:_[A-Z]+)*)`/g)].map(([, word = '']) => word);
    expect(listed).toEqual(
      expect.arrayContaining([...thrown, 'NOT_FOUND', 'FORBIDDEN', 'VALIDATION_FAILED']),
    );
    const settings = ['MAX_ATTACHMENT_BYTES', 'MAX_UPLOAD_BYTES_PER_DAY', 'PUBLIC_URL'];
    const codes = listed.filter((word) => !settings.includes(word));
    expect(Object.keys(ERROR_STATUS)).toEqual(expect.arrayContaining(codes));
  });

  it('gives the limits of the source', () => {
    const within = (pattern: RegExp): boolean => sources.some((source) => pattern.test(source));
    expect(within(/LONGEST_NAME = 255/)).toBe(true);
    expect(within(/HEAD_BYTES = 4100/)).toBe(true);
    expect(within(/LONGEST_UPLOAD_MS = 3_600_000/)).toBe(true);
    expect(within(/PERIOD_MS = 60_000/)).toBe(true);
    expect(read('../messages/frames.ts')).toContain('MAX_ATTACHMENTS = 20');
  });
});
