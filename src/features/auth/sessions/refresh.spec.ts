import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../../../testing/index.js';
import { AccountsService } from '../accounts/accounts.service.js';
import { openTestAuth, type TestAuth } from '../testing.js';
import { Authenticator } from './authenticator.js';
import { SuspensionsService } from '../accounts/suspensions.service.js';
import { type Grant, GrantsService } from './grants.service.js';

const CREDENTIALS = { username: 'ann', password: 'correct horse' };
const UNAUTHENTICATED = { code: 'UNAUTHENTICATED' };

describe('refreshing', () => {
  const clock = new ManualClock();
  let auth: TestAuth;
  let grants: GrantsService;
  let accounts: AccountsService;
  let authenticator: Authenticator;
  let login: Grant;

  beforeAll(async () => {
    auth = await openTestAuth({ clock });
    grants = auth.get(GrantsService);
    accounts = auth.get(AccountsService);
    authenticator = auth.get(Authenticator);
    await accounts.register(CREDENTIALS, '');
  });
  afterAll(async () => auth.close());
  beforeEach(async () => (login = await accounts.logIn(CREDENTIALS, '')));

  async function expectRevoked(...pairs: Grant[]): Promise<void> {
    for (const { accessToken, refreshToken } of pairs) {
      await expect(authenticator.byAccessToken(accessToken)).rejects.toMatchObject(UNAUTHENTICATED);
      await expect(grants.refresh(refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
    }
  }

  it('gives a new pair of the same session', async () => {
    const next = await grants.refresh(login.refreshToken);
    expect(next).toMatchObject({ user: login.user, expiresIn: 900 });
    expect(new Set([login, next].flatMap((grant) => [grant.accessToken, grant.refreshToken])).size).toBe(4);
    const { sessionId } = await authenticator.byAccessToken(next.accessToken);
    expect(await authenticator.byAccessToken(login.accessToken)).toMatchObject({ sessionId });
  });

  it('forgives a spent token while its answer may be lost, and the unused refresh token dies', async () => {
    const lost = await grants.refresh(login.refreshToken);
    await clock.advance(59_000);
    const next = await grants.refresh(login.refreshToken);
    await authenticator.byAccessToken(next.accessToken);
    await expect(grants.refresh(lost.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
    await expectRevoked(login, lost, next);
  });

  it('revokes the session when a spent token comes after 60 s', async () => {
    const next = await grants.refresh(login.refreshToken);
    await clock.advance(60_000);
    await expect(grants.refresh(login.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
    await expectRevoked(login, next);
  });

  it('counts the 60 s from the first time that the token was spent', async () => {
    await grants.refresh(login.refreshToken);
    await clock.advance(40_000);
    const second = await grants.refresh(login.refreshToken);
    await clock.advance(40_000);
    await expect(grants.refresh(login.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
    await expectRevoked(second);
  });

  it('revokes the session when the answer’s access token has been used', async () => {
    const next = await grants.refresh(login.refreshToken);
    await authenticator.byAccessToken(next.accessToken);
    await expect(grants.refresh(login.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
    await expectRevoked(login, next);
  });

  it('revokes the session when the answer’s refresh token has been used', async () => {
    const next = await grants.refresh(login.refreshToken);
    const last = await grants.refresh(next.refreshToken);
    await expect(grants.refresh(login.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
    await expectRevoked(login, next, last);
  });

  it('does not take the use of an older access token for an answer', async () => {
    await grants.refresh(login.refreshToken);
    await authenticator.byAccessToken(login.accessToken);
    await expect(grants.refresh(login.refreshToken)).resolves.toHaveProperty('accessToken');
  });

  it('leaves other sessions of the user alone when it revokes one', async () => {
    const other = await accounts.logIn(CREDENTIALS, '');
    await grants.refresh((await grants.refresh(login.refreshToken)).refreshToken);
    await expect(grants.refresh(login.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
    await expect(authenticator.byAccessToken(other.accessToken)).resolves.toHaveProperty('sessionId');
  });

  it('ends with the refresh token’s life, which each refresh begins anew', async () => {
    await clock.advance(3_599_000);
    const next = await grants.refresh(login.refreshToken);
    await clock.advance(3_599_000);
    const last = await grants.refresh(next.refreshToken);
    await clock.advance(3_600_000);
    await expect(grants.refresh(last.refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
  });

  it('refuses a suspended user and spends nothing', async () => {
    await auth.get(SuspensionsService).suspend(login.user.id);
    await expect(grants.refresh(login.refreshToken)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await auth.get(SuspensionsService).unsuspend(login.user.id);
    await expect(grants.refresh(login.refreshToken)).resolves.toHaveProperty('accessToken');
  });

  it('takes one token from many at once, and leaves one pair that goes on', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 5 }, async () => grants.refresh(login.refreshToken)),
    );
    const fates = new Set(pairs.map((grant) => grant.refreshToken));
    expect(fates.size).toBe(5);
    const last = pairs.toSorted((a, b) => generationOf(a) - generationOf(b)).at(-1) as Grant;
    await expect(grants.refresh(last.refreshToken)).resolves.toHaveProperty('accessToken');
  });

  it('keeps the rule in any order of refreshes, uses and waits', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('refresh' as const), of: fc.nat(4) }),
      fc.record({ kind: fc.constant('use' as const), of: fc.nat(4) }),
      fc.record({ kind: fc.constant('wait' as const), of: fc.constantFrom(1_000, 30_000, 61_000) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), async (steps) => {
        const model = new RefreshModel(clock, await accounts.logIn(CREDENTIALS, ''));
        for (const { kind, of } of steps) {
          if (kind === 'wait') await clock.advance(of);
          else if (kind === 'use') await model.use(of, async (token) => authenticator.byAccessToken(token));
          else await model.refresh(of, async (token) => grants.refresh(token));
        }
        expect(model.failures).toEqual([]);
      }),
      { numRuns: 80 },
    );
  });
});

interface Pair {
  readonly grant: Grant;
  isUsed: boolean;
  isDead: boolean;
  spentAtMs: number | null;
  readonly answers: Pair[];
}

/** The contract's sentence, word by word: who keeps all pairs needs no generations. */
class RefreshModel {
  private readonly pairs: Pair[];
  readonly failures: string[] = [];
  private isRevoked = false;

  constructor(
    private readonly clock: ManualClock,
    first: Grant,
  ) {
    this.pairs = [pairOf(first)];
  }

  async use(index: number, authenticate: (token: string) => Promise<unknown>): Promise<void> {
    const pair = this.at(index);
    const isTaken = (await outcomeOf(authenticate(pair.grant.accessToken))) !== undefined;
    if (isTaken === this.isRevoked) this.failures.push(`use of a token: ${isTaken}`);
    pair.isUsed = true;
  }

  async refresh(index: number, refresh: (token: string) => Promise<Grant>): Promise<void> {
    const pair = this.at(index);
    const answer = await outcomeOf(refresh(pair.grant.refreshToken));
    this.isRevoked ||= !this.isGood(pair);
    if ((answer !== undefined) === this.isRevoked) this.failures.push(`refresh: ${answer !== undefined}`);
    if (answer !== undefined) this.note(pair, answer);
  }

  private note(pair: Pair, answer: Grant): void {
    for (const lost of pair.answers) lost.isDead = true;
    pair.spentAtMs ??= this.clock.now();
    pair.isUsed = true;
    const next = pairOf(answer);
    pair.answers.push(next);
    this.pairs.push(next);
  }

  private isGood(pair: Pair): boolean {
    if (pair.isDead) return false;
    if (pair.spentAtMs === null) return true;
    return this.clock.now() - pair.spentAtMs < 60_000 && pair.answers.every((answer) => !answer.isUsed);
  }

  private at(index: number): Pair {
    return this.pairs[Math.max(0, this.pairs.length - 1 - index)] as Pair;
  }
}

/** `undefined`: refused as unauthenticated. */
async function outcomeOf<T>(attempt: Promise<T>): Promise<T | undefined> {
  return await attempt.catch((error: unknown) => {
    if ((error as { code?: unknown }).code !== UNAUTHENTICATED.code) throw error;
    return undefined;
  });
}

function pairOf(grant: Grant): Pair {
  return { grant, isUsed: false, isDead: false, spentAtMs: null, answers: [] };
}

function generationOf({ accessToken }: Grant): number {
  const [, payload = ''] = accessToken.split('.');
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { gen: number }).gen;
}
