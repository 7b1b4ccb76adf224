import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  type CallHandler,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  UnauthorizedException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import {
  BaseWsExceptionFilter,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WsException,
} from '@nestjs/websockets';
import { IsInt, IsString, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import { from, map, type Observable, throwError } from 'rxjs';
import { Appending, notFound, Ordered, RealtimeGateway } from '../../src/realtime/index.js';
import { KernelApp } from '../support/kernel-app.js';
import type { RawClient } from '../support/raw-client.js';

class Inner {
  @IsString()
  word!: string;
}

class Counted {
  @IsInt()
  n!: number;

  @ValidateNested()
  @Type(() => Inner)
  inner: Inner = Object.assign(new Inner(), { word: '' });
}

@Injectable()
class Words {
  readonly allowed = 'please';
}

/** Depends on a provider, as guards do. */
@Injectable()
class PoliteGuard implements CanActivate {
  constructor(private readonly words: Words) {}

  canActivate(context: ExecutionContext): boolean {
    return context.switchToWs().getData<{ say?: string }>().say === this.words.allowed;
  }
}

class ThrowingGuard implements CanActivate {
  canActivate(): boolean {
    throw new UnauthorizedException('who?');
  }
}

@Injectable()
class Wrapped implements NestInterceptor {
  intercept(_: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((reply: unknown) => ({ wrapped: reply })));
  }
}

@Catch()
class AllFilter extends BaseWsExceptionFilter {}

@Catch(WsException)
class WsFilter extends BaseWsExceptionFilter {}

@Catch()
class SwallowingFilter {
  catch(): void {}
}

@Catch(RangeError)
class RangeFilter {
  async catch(error: RangeError, host: ArgumentsHost): Promise<void> {
    await Promise.resolve();
    const client = host.switchToWs().getClient<{ send: (text: string) => void }>();
    client.send(JSON.stringify({ event: 'note', data: {} }));
    const data = { code: 'OUT_OF_RANGE', message: error.message, hint: 'less' };
    client.send(JSON.stringify({ event: 'exception', data }));
  }
}

class UpperPipe implements PipeTransform {
  transform(value: unknown, { type }: { type: string }): unknown {
    return type === 'body' && typeof value === 'string' ? value.toUpperCase() : value;
  }
}

const Picky = createParamDecorator(() => {
  throw new UnauthorizedException('not for you');
});

const wsValidation = new ValidationPipe({ exceptionFactory: (errors) => new WsException(errors) });

@WebSocketGateway()
class EnhancedGateway {
  @SubscribeMessage('ws-text')
  wsText(): void {
    throw new WsException('Invalid credentials.');
  }

  @SubscribeMessage('ws-object')
  wsObject(): void {
    throw new WsException({ code: 'CONFLICT', message: 'twice', key: 7, status: 'fine' });
  }

  @SubscribeMessage('ws-prototype')
  wsPrototype(): void {
    throw new WsException({ code: 'toString', message: 'odd' });
  }

  @UseFilters(AllFilter)
  @SubscribeMessage('filtered')
  filtered(@MessageBody() kind: string): Observable<unknown> {
    if (kind === 'ws') throw new WsException('no');
    if (kind === 'house') throw notFound('room');
    if (kind === 'stream') return throwError(() => new WsException('no'));
    throw new Error('secret detail');
  }

  @UseFilters(new WsFilter())
  @UseInterceptors(Wrapped)
  @SubscribeMessage('filtered-behind-interceptor')
  behind(): void {
    throw new WsException('no');
  }

  @UseFilters(SwallowingFilter)
  @SubscribeMessage('swallowed')
  swallowed(): void {
    throw new WsException('no');
  }

  @UseFilters(RangeFilter)
  @SubscribeMessage('ranged')
  ranged(@MessageBody() isRange: boolean): void {
    throw isRange ? new RangeError('too far') : new Error('secret detail');
  }

  @UseGuards(PoliteGuard)
  @SubscribeMessage('guarded')
  guarded(): object {
    return { ok: true };
  }

  @UseGuards(ThrowingGuard)
  @SubscribeMessage('guarded-by-throw')
  guardedByThrow(): void {}

  @UsePipes(new ValidationPipe())
  @SubscribeMessage('validated')
  validated(@MessageBody() body: Counted): number {
    return body.n;
  }

  @UsePipes(wsValidation)
  @SubscribeMessage('validated-ws')
  validatedWs(@MessageBody() body: Counted): number {
    return body.n;
  }

  @SubscribeMessage('picky')
  picky(@MessageBody(wsValidation) _body: Counted, @Picky() _never: unknown): void {}

  @UsePipes(UpperPipe)
  @SubscribeMessage('piped')
  piped(@MessageBody() text: string): string {
    return text;
  }

  @UseInterceptors(Wrapped)
  @SubscribeMessage('intercepted-values')
  values(): Observable<number> {
    return from([1, 2]);
  }
}

@RealtimeGateway('house')
class HouseGateway {
  @UseInterceptors(Wrapped)
  @SubscribeMessage('house.get')
  get(@MessageBody() { n }: Counted): object {
    return { n };
  }

  @Ordered('room')
  @UseInterceptors(Wrapped)
  @SubscribeMessage('house.append')
  append(@MessageBody() { n }: Counted): Appending {
    return new Appending(Promise.resolve(), Promise.resolve({ n }));
  }

  @Ordered('room')
  @SubscribeMessage('house.append-later')
  async appendLater(@MessageBody() { n }: Counted): Promise<Appending> {
    await Promise.resolve();
    return new Appending(Promise.resolve(), Promise.resolve({ n }));
  }

  @Ordered('room')
  @UseInterceptors(Wrapped)
  @UseFilters(AllFilter)
  @SubscribeMessage('house.append-fails')
  appendFails(): Appending {
    return new Appending(Promise.resolve(), Promise.reject(notFound('room')));
  }

  @SubscribeMessage('house.picky')
  picky(@MessageBody() _body: Counted, @Picky() _never: unknown): void {}
}

let kernel: KernelApp;
let client: RawClient;

async function refusal(event: string, data?: unknown): Promise<Record<string, unknown>> {
  const answer = await client.ask(event, data, `r-${event}`);
  expect(answer.event).toBe('exception');
  await client.ask('guarded', { say: 'please' });
  expect(client.frames).toEqual([]);
  return answer.data;
}

beforeAll(async () => {
  kernel = await KernelApp.start({ providers: [EnhancedGateway, HouseGateway, Words] });
  client = await kernel.connect('ann');
});

afterAll(() => kernel.close());

describe('a WsException', () => {
  it('of text is FORBIDDEN with that text', async () => {
    expect(await refusal('ws-text')).toEqual({
      status: 'error',
      code: 'FORBIDDEN',
      message: 'Invalid credentials.',
      event: 'ws-text',
    });
  });

  it('of an object keeps its code, message and properties', async () => {
    const told = { status: 'error', code: 'CONFLICT', message: 'twice', key: 7, event: 'ws-object' };
    expect(await refusal('ws-object')).toEqual(told);
  });

  it('may have any code', async () => {
    expect(await refusal('ws-prototype')).toMatchObject({ code: 'toString', message: 'odd' });
  });
});

describe('a filter', () => {
  it.each([
    ['ws', 'FORBIDDEN', 'no'],
    ['house', 'NOT_FOUND', 'Internal server error'],
    ['bug', 'INTERNAL', 'Internal server error'],
    ['stream', 'FORBIDDEN', 'no'],
  ])('of Nest answers %s once, with the id and without the caller’s data', async (kind, code, message) => {
    const told = await refusal('filtered', kind);
    expect(told).toMatchObject({ status: 'error', code, message, event: 'filtered' });
    expect(told).not.toHaveProperty('cause');
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('meets errors behind an interceptor too', async () => {
    expect(await refusal('filtered-behind-interceptor')).toMatchObject({ code: 'FORBIDDEN', message: 'no' });
  });

  it('that swallows leaves the answer to us', async () => {
    expect(await refusal('swallowed')).toMatchObject({ code: 'FORBIDDEN', message: 'no' });
  });

  it('may send other frames beside its answer', async () => {
    client.send({ event: 'ranged', id: 'x', data: true });
    const [note, answer] = await client.takeMany(2);
    expect(note).toEqual({ event: 'note', data: {} });
    const data = { status: 'error', code: 'OUT_OF_RANGE', message: 'too far', hint: 'less', event: 'ranged' };
    expect(answer).toEqual({ event: 'exception', id: 'x', data });
  });

  it('leaves errors that it does not name alone', async () => {
    expect(await refusal('ranged', false)).toMatchObject({ code: 'INTERNAL', ref: expect.any(String) });
  });
});

describe('a guard', () => {
  it('lets pass, with what it depends on injected', async () => {
    expect((await client.ask('guarded', { say: 'please' })).data).toEqual({ ok: true });
  });

  it('that returns false is FORBIDDEN', async () => {
    expect(await refusal('guarded', { say: 'now' })).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('that throws is told by what it threw', async () => {
    expect(await refusal('guarded-by-throw')).toMatchObject({ code: 'UNAUTHENTICATED', message: 'who?' });
  });
});

describe('a pipe', () => {
  it.each(['validated', 'validated-ws'])('of Nest’s validation: %s', async (event) => {
    expect((await client.ask(event, { n: 3 })).data).toBe(3);
    const told = await refusal(event, { n: 'secret value' });
    expect(told).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [{ message: expect.stringContaining('n ') }],
    });
    expect(JSON.stringify(told)).not.toContain('secret');
  });

  it('names the path of a nested fault, with the documented factory', async () => {
    const told = await refusal('validated-ws', { n: 1, inner: { word: 5 } });
    expect(told).toMatchObject({ details: [{ path: 'inner.word', message: 'word must be a string' }] });
  });

  it('changes the payload', async () => {
    expect((await client.ask('piped', 'loud')).data).toBe('LOUD');
  });

  it.each(['picky', 'house.picky'])(
    'and a failing parameter beside it are one refusal: %s',
    async (event) => {
      expect(await refusal(event, { n: 'one' })).toMatchObject({ code: 'UNAUTHENTICATED' });
    },
  );
});

describe('an interceptor', () => {
  it('meets the reply of a house handler', async () => {
    expect((await client.ask('house.get', { n: 1 })).data).toEqual({ wrapped: { n: 1 } });
  });

  it('meets the reply of an append, not its admission', async () => {
    expect((await client.ask('house.append', { n: 2 })).data).toEqual({ wrapped: { n: 2 } });
  });

  it('is not needed for an append that begins asynchronously', async () => {
    expect((await client.ask('house.append-later', { n: 3 })).data).toEqual({ n: 3 });
  });

  it('lets the error of an append reach the filter', async () => {
    expect(await refusal('house.append-fails')).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('meets every value of an Observable', async () => {
    client.send({ event: 'intercepted-values', id: 'v' });
    expect((await client.takeMany(2)).map(({ id, data }) => [id, data])).toEqual([
      ['v', { wrapped: 1 }],
      [undefined, { wrapped: 2 }],
    ]);
  });
});

describe('what is global', () => {
  it('runs on every handler: guard, pipe, interceptor, filter', async () => {
    const seen: string[] = [];
    const guard: CanActivate = {
      canActivate: (context) => seen.push(`guard ${context.getType()}`) > 0,
    };
    const global = await KernelApp.start({
      providers: [EnhancedGateway, HouseGateway, Words],
      configure: (app) =>
        app
          .useGlobalGuards(guard)
          .useGlobalPipes(new UpperPipe())
          .useGlobalInterceptors(new Wrapped())
          .useGlobalFilters(new AllFilter()),
    });
    const one = await global.connect('ann');
    expect((await one.ask('piped', 'loud')).data).toEqual({ wrapped: 'LOUD' });
    expect((await one.ask('house.get', { n: 1 })).data).toEqual({ wrapped: { wrapped: { n: 1 } } });
    expect((await one.ask('ws-text')).data).toMatchObject({
      code: 'FORBIDDEN',
      message: 'Invalid credentials.',
    });
    expect(seen).toEqual(['guard http', 'guard ws', 'guard ws', 'guard ws']);
    await global.close();
  });
});
