import { ManualClock } from '../../../testing/index.js';
import { presenceLeasesContract } from './presence-leases.contract.js';
import { LeaseTable } from './presence-leases.memory.js';

presenceLeasesContract('LeaseTable', async () => {
  const clock = new ManualClock();
  const table = new LeaseTable(clock);
  return await Promise.resolve({
    one: table.node('one'),
    other: table.node('other'),
    advance: async (ms: number) => clock.advance(ms),
    flush: async () => Promise.resolve(table.flush()),
    close: async () => Promise.resolve(),
  });
});
