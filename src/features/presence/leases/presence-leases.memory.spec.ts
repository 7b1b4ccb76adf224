import { ManualClock } from '../../../testing/index.js';
import { presenceLeasesContract } from './presence-leases.contract.js';
import { LeaseTable } from './presence-leases.memory.js';

presenceLeasesContract('LeaseTable', async () => {
  const clock = new ManualClock();
  const table = new LeaseTable(clock);
  const advance = async (ms: number): Promise<void> => clock.advance(ms);
  return await Promise.resolve({ one: table.node('one'), other: table.node('other'), advance });
});
