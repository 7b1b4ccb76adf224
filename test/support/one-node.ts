import { it } from '@jest/globals';

/** Whether this is `npm run test:cluster`, where calls and connections go to three nodes. */
export const isCluster = process.env['CLUSTER_POSTGRES'] !== undefined;

/** `it` for a case that is about one node alone, for the reason given: `npm run test:cluster` leaves it out. */
export function onOneNode(_reason: string): typeof it | typeof it.skip {
  return isCluster ? it.skip : it;
}
