import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testing/index.js';
import { Authenticator } from '../sessions/authenticator.js';
import { GrantsService } from '../sessions/grants.service.js';
import { openTestAuth, type TestAuth } from '../testing.js';
import { AccountsService } from './accounts.service.js';
import { PasswordsService } from './passwords.service.js';
import { SuspensionsService } from './suspensions.service.js';
import { Users } from './users.js';

const UNAUTHENTICATED = { code: 'UNAUTHENTICATED' };

let people = 0;
/** Somebody who is not registered yet. */
function somebody() {
  people += 1;
  return { username: `Ann${people}`, password: 'correct horse' };
}

describe('accounts', () => {
  const clock = new ManualClock();
  let auth: TestAuth;
  let accounts: AccountsService;
  let authenticator: Authenticator;
  let ann: ReturnType<typeof somebody>;

  beforeAll(async () => {
    auth = await openTestAuth({ clock });
    accounts = auth.get(AccountsService);
    authenticator = auth.get(Authenticator);
  });
  afterAll(async () => auth.close());
  beforeEach(() => {
    ann = somebody();
  });

  it('registers a user and opens a session', async () => {
    const { user, accessToken } = await accounts.register({ ...ann, displayName: 'Ａnn' }, 'agent');
    expect(user).toEqual({
      id: expect.any(String),
      username: ann.username.toLowerCase(),
      displayName: 'Ann',
      updatedAt: clock.isoNow(),
      deletedAt: null,
    });
    expect(await authenticator.byAccessToken(accessToken)).toMatchObject({ userId: user.id });
  });

  it('gives a name to one of many who want it at once, whatever its case', async () => {
    const { username: name } = ann;
    const wishes = [name, name.toLowerCase(), name.toUpperCase(), name].map(async (username) =>
      accounts.register({ ...ann, username }, ''),
    );
    const results = await Promise.allSettled(wishes);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refusals = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refusals).toEqual(refusals.map(() => expect.objectContaining({ code: 'CONFLICT' })));
  });

  it('logs in by name in any case and by the exact password', async () => {
    const { user } = await accounts.register(ann, '');
    await expect(accounts.logIn({ ...ann, username: ann.username.toUpperCase() }, '')).resolves.toMatchObject(
      { user },
    );
    await expect(accounts.logIn({ ...ann, password: 'Correct horse' }, '')).rejects.toMatchObject(
      UNAUTHENTICATED,
    );
  });

  it('takes a password in any Unicode form that a keyboard sends', async () => {
    await accounts.register({ ...ann, password: 'caf\u00e9 au lait' }, '');
    await expect(accounts.logIn({ ...ann, password: 'cafe\u0301 au lait' }, '')).resolves.toHaveProperty(
      'user',
    );
  });

  it('says the same of a wrong name as of a wrong password', async () => {
    await accounts.register(ann, '');
    const refusals = await Promise.all(
      [
        { ...ann, password: 'wrong' },
        { ...ann, username: 'nobody' },
        { ...ann, username: '\u0000' },
      ].map(async (guess) => accounts.logIn(guess, '').catch(({ code, message }) => ({ code, message }))),
    );
    expect(refusals).toEqual(
      refusals.map(() => ({ ...UNAUTHENTICATED, message: 'wrong username or password' })),
    );
  });

  it('keeps a suspended user out of everything, and says so only to the right password', async () => {
    const { user, accessToken } = await accounts.register(ann, '');
    await auth.get(SuspensionsService).suspend(user.id);
    await expect(accounts.logIn(ann, '')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(accounts.logIn({ ...ann, password: 'wrong' }, '')).rejects.toMatchObject(UNAUTHENTICATED);
    await expect(authenticator.byAccessToken(accessToken)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await auth.get(SuspensionsService).unsuspend(user.id);
    await expect(accounts.logIn(ann, '')).resolves.toHaveProperty('user');
  });

  it('suspends nobody who does not exist', async () => {
    await expect(auth.get(SuspensionsService).suspend('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  describe('changing a password', () => {
    const change = { password: 'correct horse', newPassword: 'battery staple' };

    it('revokes every other session and keeps its own', async () => {
      const mine = await accounts.register(ann, '');
      const others = [await accounts.logIn(ann, ''), await accounts.logIn(ann, '')];
      await auth.get(PasswordsService).change(await authenticator.byAccessToken(mine.accessToken), change);
      for (const { accessToken, refreshToken } of others) {
        await expect(authenticator.byAccessToken(accessToken)).rejects.toMatchObject(UNAUTHENTICATED);
        await expect(auth.get(GrantsService).refresh(refreshToken)).rejects.toMatchObject(UNAUTHENTICATED);
      }
      await expect(authenticator.byAccessToken(mine.accessToken)).resolves.toHaveProperty('sessionId');
      await expect(accounts.logIn(ann, '')).rejects.toMatchObject(UNAUTHENTICATED);
      await expect(accounts.logIn({ ...ann, password: change.newPassword }, '')).resolves.toHaveProperty(
        'user',
      );
    });

    it('is refused with a wrong password, and changes nothing', async () => {
      const mine = await accounts.register(ann, '');
      const caller = await authenticator.byAccessToken(mine.accessToken);
      const attempt = auth.get(PasswordsService).change(caller, { ...change, password: 'wrong' });
      await expect(attempt).rejects.toMatchObject({ code: 'FORBIDDEN' });
      await expect(accounts.logIn(ann, '')).resolves.toHaveProperty('user');
    });

    it('leaves no session that a login opened on the old password meanwhile', async () => {
      const mine = await accounts.register(ann, '');
      const caller = await authenticator.byAccessToken(mine.accessToken);
      for (let round = 0; round < 10; round += 1) {
        const [from, to] =
          round % 2 === 0 ? [ann.password, 'battery staple'] : ['battery staple', ann.password];
        const logins = Array.from({ length: 4 }, async () => accounts.logIn({ ...ann, password: from }, ''));
        const changed = auth.get(PasswordsService).change(caller, { password: from, newPassword: to });
        const opened = (await Promise.allSettled(logins)).flatMap((login) =>
          login.status === 'fulfilled' ? [login.value] : [],
        );
        await changed;
        for (const { accessToken } of opened) {
          await expect(authenticator.byAccessToken(accessToken)).rejects.toMatchObject(UNAUTHENTICATED);
        }
      }
    });
  });

  describe('Users', () => {
    it('finds users by id and name, each once and in the order asked for', async () => {
      const annUser = (await accounts.register(ann, '')).user;
      const ben = (await accounts.register({ ...ann, username: 'ben' }, '')).user;
      const users = auth.get(Users);
      expect(await users.byIds([ben.id, 'nobody', '\u0000', annUser.id, ben.id])).toEqual([ben, annUser]);
      expect(await users.byUsernames(['BEN', 'be', ann.username, 'ben', ''])).toEqual([ben, annUser]);
      expect(await users.byIdsOrUsernames([ben.id], [ann.username, 'ben'])).toEqual([ben, annUser]);
      expect(await users.byIdsOrUsernames([], [])).toEqual([]);
    });
  });
});
