import { describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from './error-code.js';
import { problemOf } from './problem.js';

describe('a problem document', () => {
  it('has the members of RFC 9457 and the code', () => {
    const { body, headers } = problemOf({ code: 'NOT_FOUND', status: 404, message: 'room not found' });
    expect(JSON.parse(body)).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'room not found',
      code: 'NOT_FOUND',
    });
    expect(headers).toEqual({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' });
  });

  it('names each broken rule, and the reference of a fault', () => {
    const details = [{ path: 'a.b', message: 'must be a string' }];
    const told = { code: 'INTERNAL', status: 500, message: 'internal error', details, ref: 'r' };
    expect(JSON.parse(problemOf(told).body)).toMatchObject({ errors: details, ref: 'r' });
  });

  it('tells nothing of a carried object of its own', () => {
    const { body } = problemOf({ code: 'FORBIDDEN', status: 403, message: 'no', extra: { secret: 1 } });
    expect(body).not.toContain('secret');
  });

  it('asks for a Bearer with a 401', () => {
    const { headers } = problemOf({ code: 'UNAUTHENTICATED', status: 401, message: 'who?' });
    expect(headers).toMatchObject({ 'WWW-Authenticate': 'Bearer' });
  });

  it.each([
    [429, 1, '1'],
    [429, 1000, '1'],
    [429, 1001, '2'],
    [503, 5000, '5'],
    [503, undefined, '1'],
  ])('says with a %i and %s ms when to come back, in whole seconds', (status, retryAfterMs, seconds) => {
    const told = { code: 'UNAVAILABLE', status, message: 'later' };
    const { headers } = problemOf(retryAfterMs === undefined ? told : { ...told, retryAfterMs });
    expect(headers).toMatchObject({ 'Retry-After': seconds });
  });

  it('has a title for the status of every code', () => {
    for (const [code, status] of Object.entries(ERROR_STATUS)) {
      expect(JSON.parse(problemOf({ code, status, message: '' }).body)).not.toMatchObject({ title: 'Error' });
    }
  });
});
