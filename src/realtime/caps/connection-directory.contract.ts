import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ConnectionDirectory } from './connection-directory.js';

/** A directory as two nodes see it; the same object twice where it is of one node only. */
export interface ConnectionDirectoryHome {
  /** Its cap is 3 connections. */
  readonly nodes: readonly [ConnectionDirectory, ConnectionDirectory];
  /** Resolves when all that was entered and left so far has its consequences. */
  settle(): Promise<void>;
}

/** What every implementation of `ConnectionDirectory` does, with a cap of 3. */
export function describeConnectionDirectory(
  name: string,
  makeHome: () => Promise<ConnectionDirectoryHome>,
): void {
  describe(`a connection directory in ${name}`, () => {
    let home: ConnectionDirectoryHome;
    let excess: string[];

    beforeEach(async () => {
      home = await makeHome();
      excess = [];
      for (const node of new Set(home.nodes)) {
        node.onExcess(({ connectionId }) => excess.push(connectionId));
      }
    });

    /** Enters them one after the other, each on the next node. */
    async function enter(userId: string, ...connectionIds: readonly string[]): Promise<void> {
      for (const [index, id] of connectionIds.entries()) {
        home.nodes[index % 2 === 0 ? 0 : 1].enter(userId, id);
        await home.settle();
      }
    }

    it('has no excess up to the cap', async () => {
      await enter('ann', '1', '2', '3');
      expect(excess).toEqual([]);
    });

    it('tells of the oldest, wherever it is', async () => {
      await enter('ann', '1', '2', '3', '4');
      expect(excess).toEqual(['1']);
    });

    it('tells of all that are too many, oldest first', async () => {
      await enter('ann', '1', '2', '3', '4', '5');
      expect(excess).toEqual(['1', '1', '2']);
    });

    it('counts each user alone', async () => {
      await enter('ann', '1', '2', '3');
      await enter('ben', '4');
      expect(excess).toEqual([]);
    });

    it('does not count who has left', async () => {
      await enter('ann', '1', '2', '3');
      home.nodes[0].leave('ann', '1');
      home.nodes[0].leave('ann', 'unknown');
      await home.settle();
      await enter('ann', '4');
      expect(excess).toEqual([]);
      await enter('ann', '5');
      expect(excess).toEqual(['2']);
    });

    it('tells nobody who has cancelled', async () => {
      const told: string[] = [];
      home.nodes[0].onExcess(({ connectionId }) => told.push(connectionId))();
      await enter('ann', '1', '2', '3', '4', '5');
      expect(told).toEqual([]);
      expect(excess).not.toEqual([]);
    });
  });
}
