import { describe, expect, it } from '@jest/globals';
import { termsOf } from './consumer-terms.js';
import type { LogConsumer } from './log-consumer.js';

class Moderation implements LogConsumer {
  readonly name: string = 'moderation';
  readonly types: '*' | readonly string[] = ['message'];

  handle(): Promise<void> {
    return Promise.resolve();
  }
}

/** A consumer with some property otherwise, whatever its type. */
function consumer(values: Readonly<Record<string, unknown>> = {}): LogConsumer {
  return Object.assign(new Moderation(), values);
}

describe('the terms of a consumer', () => {
  it('have defaults', () => {
    expect(termsOf([consumer()])).toEqual([
      {
        name: 'moderation',
        types: ['message'],
        from: 'now',
        maxEvents: 100,
        maxBytes: 1_048_576,
        timeoutMs: 30_000,
      },
    ]);
  });

  it('are what the consumer says', () => {
    const values = {
      name: 'acme.web-hooks',
      types: '*',
      from: 'start',
      maxEvents: 1,
      maxBytes: 1,
      timeoutMs: 1,
    };
    expect(termsOf([consumer(values)])).toEqual([values]);
    const types = ['message', 'poll.voted', 'message'];
    expect(termsOf([consumer({ types })])).toEqual([
      expect.objectContaining({ types: ['message', 'poll.voted'] }),
    ]);
  });

  it.each([
    [{ name: undefined }, /is named undefined: give it a name/],
    [{ name: 'Web Hooks' }, /is named "Web Hooks": give it a name of lower case letters/],
    [{ name: 'x'.repeat(65) }, /at most 64/],
    [{ types: [] }, /list types of events/],
    [{ types: 'message' }, /is "message": list types/],
    [{ types: ['message', '*'] }, /is \["message","\*"\]: list types/],
    [{ types: [undefined] }, /list types of events/],
    [{ types: ['message', 7] }, /list types of events/],
    [{ from: 'yesterday' }, /say 'now' or 'start'/],
    [{ maxEvents: 0 }, /maxEvents .* is 0: a whole number from 1 to 1000/],
    [{ maxEvents: 1001 }, /from 1 to 1000/],
    [{ maxBytes: 1.5 }, /maxBytes .* is 1.5/],
    [{ timeoutMs: 600_001 }, /timeoutMs .* from 1 to 600000/],
    [{ handle: undefined }, /Moderation is marked with @ConsumesLog\(\) and has no handle\(batch\)/],
  ])('are refused with the mend: %j', (values, message) => {
    expect(() => termsOf([consumer(values)])).toThrow(message);
  });

  it('have names of their own', () => {
    const other = consumer({ name: 'webhooks' });
    expect(termsOf([consumer(), other]).map(({ name }) => name)).toEqual(['moderation', 'webhooks']);
    expect(() => termsOf([consumer(), other, consumer()])).toThrow(
      'two consumers of the log are named "moderation" (Moderation and Moderation): rename one, or provide it in one module only',
    );
  });
});
