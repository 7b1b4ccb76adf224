import { describeTopicBus } from './topic-bus.contract.js';
import { MemoryTopicBus } from './topic-bus.memory.js';

describeTopicBus('memory', async () => ({
  bus: new MemoryTopicBus(),
  settle: () => new Promise((resolve) => setImmediate(resolve)),
  close: async () => undefined,
}));
