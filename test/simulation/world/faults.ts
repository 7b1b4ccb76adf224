/** How badly a run's surroundings behave, in percent of the cases and in milliseconds. */
export interface Faults {
  /** Messages on rooms', users' and presence's channels that do not reach one of the nodes. */
  lostPercent: number;
  repeatedPercent: number;
  /** Each message takes up to this long, so that they overtake each other. */
  busMs: number;
  /** Each read and each commit takes up to twice this long. */
  storeMs: number;
  failedReadPercent: number;
  /** Commits that are known not to have happened. */
  failedCommitPercent: number;
  /** Commits of which nobody learns what became: not done, done, or done later. */
  unknownCommitPercent: number;
  failedLeasePercent: number;
  /** Commits that take longer than whoever waits for them. */
  slowCommitPercent: number;
}

export const CALM: Faults = {
  lostPercent: 0,
  repeatedPercent: 0,
  busMs: 10,
  storeMs: 5,
  failedReadPercent: 0,
  failedCommitPercent: 0,
  unknownCommitPercent: 0,
  failedLeasePercent: 0,
  slowCommitPercent: 0,
};
