import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  Catch,
  type CallHandler,
  type CanActivate,
  type NestInterceptor,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { BaseWsExceptionFilter, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import fc from 'fast-check';
import { delay, EMPTY, NEVER, type Observable, of, throwError } from 'rxjs';
import { Appending, notFound, Ordered, RealtimeGateway } from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';
import type { Frame } from '../support/raw-client.js';

const TIMEOUT_MS = 60;

class Denying implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

class Passing implements NestInterceptor {
  intercept(_: unknown, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Catch()
class Answering extends BaseWsExceptionFilter {}

@Catch()
class Silent {
  catch(): void {}
}

@Catch()
class Breaking {
  catch(): void {
    throw new Error('a filter broke');
  }
}

const boom = (): never => {
  throw new Error('boom');
};

/** One handler of each kind that could answer twice, or never. */
@WebSocketGateway()
class PlainGateway {
  @SubscribeMessage('value')
  value(): number {
    return 1;
  }

  @SubscribeMessage('later')
  async later(): Promise<number> {
    await sleep(1);
    return 1;
  }

  @SubscribeMessage('nothing')
  nothing(): void {}

  @SubscribeMessage('one')
  one(): Observable<number> {
    return of(1).pipe(delay(1));
  }

  @SubscribeMessage('empty')
  empty(): Observable<never> {
    return EMPTY;
  }

  @SubscribeMessage('failing-values')
  failingValues(): Observable<never> {
    return throwError(() => new Error('boom'));
  }

  @SubscribeMessage('never')
  never(): Observable<never> {
    return NEVER;
  }

  @SubscribeMessage('hangs')
  hangs(): Promise<never> {
    return new Promise(() => undefined);
  }

  @SubscribeMessage('breaks')
  breaks(): void {
    boom();
  }

  @SubscribeMessage('cannot-be-written')
  cannotBeWritten(): object {
    return { n: 1n };
  }

  @UseFilters(Answering)
  @SubscribeMessage('filtered')
  filtered(): void {
    throw new WsException('no');
  }

  @UseFilters(Silent)
  @SubscribeMessage('swallowed')
  swallowed(): void {
    boom();
  }

  @UseFilters(Breaking)
  @SubscribeMessage('filter-breaks')
  filterBreaks(): void {
    boom();
  }

  @UseFilters(Answering)
  @UseInterceptors(Passing)
  @SubscribeMessage('filtered-behind')
  async filteredBehind(): Promise<void> {
    await sleep(1);
    boom();
  }

  @UseGuards(Denying)
  @UseInterceptors(Passing)
  @UseFilters(Silent)
  @SubscribeMessage('denied')
  denied(): void {}
}

@RealtimeGateway('log')
class LogGateway {
  @Ordered('room')
  @SubscribeMessage('log.append')
  append(): Appending {
    return new Appending(sleep(1), sleep(2, {}));
  }

  @Ordered('room')
  @UseInterceptors(Passing)
  @SubscribeMessage('log.refused')
  refused(): Appending {
    const refusal = Promise.reject(notFound('room'));
    return new Appending(refusal, refusal);
  }

  @Ordered('none')
  @SubscribeMessage('log.free')
  async free(): Promise<object> {
    return await sleep(1, {});
  }

  @SubscribeMessage('log.get')
  get(): object {
    return {};
  }
}

/** Those that hold everything up until they time out are rare. */
const HANGING = ['never', 'hangs'];
const QUICK = (
  'value later nothing one empty failing-values breaks cannot-be-written filtered swallowed filter-breaks ' +
  'filtered-behind denied log.append log.refused log.free log.get unknown'
).split(' ');
/** Unanswered without an id, as Nest documents it. */
const SILENT = new Set(['nothing', 'empty']);

const request = fc.record({
  event: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(...QUICK) },
    { weight: 1, arbitrary: fc.constantFrom(...HANGING) },
  ),
  hasId: fc.boolean(),
});

let kernel: KernelApp;

beforeAll(async () => {
  kernel = await KernelApp.start({
    providers: [PlainGateway, LogGateway],
    settings: { handlerTimeoutMs: TIMEOUT_MS },
  });
});

afterAll(() => kernel.close());

describe('every request', () => {
  it('is answered exactly once, with its id, whatever its handler does', async () => {
    const client = await kernel.connect('ann');
    const property = fc.asyncProperty(fc.array(request, { maxLength: 30 }), async (requests) => {
      requests.forEach(({ event, hasId }, n) => client.send({ event, ...(hasId && { id: n }) }));
      client.send({ event: 'log.get', id: 'last' });
      const answers: Frame[] = [];
      const expected = requests.filter(({ event, hasId }) => hasId || !SILENT.has(event)).length;
      while (answers.length < expected + 1) answers.push(await client.take());
      await sleep(3);
      expect(client.frames).toEqual([]);
      const ids = answers.map(({ id }) => id).filter((id) => typeof id === 'number');
      const asked = requests.flatMap(({ hasId }, n) => (hasId ? [n] : []));
      expect(ids.toSorted((one, other) => one - other)).toEqual(asked);
      const failures = answers.filter(({ event }) => event === 'exception');
      for (const { data } of failures)
        expect(data).toMatchObject({ status: 'error', code: expect.any(String) });
      const replies = answers.filter(({ id, event }) => typeof id === 'number' && event !== 'exception');
      for (const { id, event } of replies) expect(event).toBe(requests[Number(id)]?.event);
    });
    await fc.assert(property, { numRuns: 60 });
    await client.close();
  }, 60_000);

  it('that hangs leaves nothing behind when its client goes', async () => {
    const client = await kernel.connect('bob');
    for (const event of HANGING) client.send({ event, id: event });
    await client.close();
    await sleep(2 * TIMEOUT_MS);
    const next = await kernel.connect('bob');
    expect((await next.ask('log.get')).data).toEqual({});
    await next.close();
  });
});
