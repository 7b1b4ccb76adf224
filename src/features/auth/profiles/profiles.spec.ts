import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, type UserActor } from '../../../realtime/index.js';
import { ManualClock } from '../../../testing/index.js';
import { AccountsService } from '../accounts/accounts.service.js';
import type { User } from '../accounts/user.js';
import { openTestAuth, type TestAuth } from '../testing.js';
import { ProfilesService } from './profiles.service.js';
import { UserChanges } from './user-changes.js';

describe('profiles', () => {
  const clock = new ManualClock();
  let auth: TestAuth;
  let profiles: ProfilesService;
  let ann: User;
  let actor: UserActor;
  let told: string[];
  let people = 0;

  beforeAll(async () => {
    auth = await openTestAuth({ clock });
    profiles = auth.get(ProfilesService);
    auth.get(UserChanges).observe((userId) => told.push(userId));
  });
  afterAll(async () => auth.close());
  beforeEach(async () => {
    people += 1;
    const account = { username: `ann${people}`, password: 'correct horse' };
    ann = (await auth.get(AccountsService).register(account, '')).user;
    actor = { kind: 'user', userId: ann.id, sessionId: 'any' };
    told = [];
  });

  it('get a later time with each change, though the clock stands still', async () => {
    const first = await profiles.update(actor, { displayName: 'One' });
    const second = await profiles.update(actor, { displayName: 'Two' });
    const times = [ann, first, second].map(({ updatedAt }) => Date.parse(updatedAt));
    expect(times).toEqual([times[0], Number(times[0]) + 1, Number(times[0]) + 2]);
    expect(told).toEqual([ann.id, ann.id]);
  });

  it('stay as they are, and nobody is told, when a change changes nothing', async () => {
    expect(await profiles.update(actor, { displayName: ann.displayName })).toEqual(ann);
    expect(await profiles.update(actor, {})).toEqual(ann);
    expect(told).toEqual([]);
  });

  it('are found while they change', async () => {
    await profiles.update(actor, { displayName: 'One' });
    await Promise.all(
      ['Two', 'Three', 'Four'].map(async (displayName) => profiles.update(actor, { displayName })),
    );
    const { displayName } = await profiles.update(actor, {});
    expect(displayName).toBe('Four');
    expect(told).toHaveLength(4);
  });

  it('of nobody are not found', async () => {
    const nobody: UserActor = { ...actor, userId: newId() };
    await expect(profiles.update(nobody, {})).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(profiles.update(nobody, { displayName: 'x' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(told).toEqual([]);
  });
});
