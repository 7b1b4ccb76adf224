import { ManualClock } from '../../../testing/index.js';
import { describeTicketStore } from './ticket-store.contract.js';
import { MemoryTicketStore } from './ticket-store.memory.js';

describeTicketStore('MemoryTicketStore', () => {
  const clock = new ManualClock();
  const store = new MemoryTicketStore(clock);
  return Promise.resolve({
    nodes: [store, store],
    pass: async (ms) => clock.advance(ms),
  });
});
