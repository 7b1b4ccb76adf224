import { describeConnectionDirectory } from './connection-directory.contract.js';
import { MemoryConnectionDirectory } from './connection-directory.memory.js';

describeConnectionDirectory('memory', async () => {
  const directory = new MemoryConnectionDirectory(3);
  return { nodes: [directory, directory], settle: async () => undefined };
});
