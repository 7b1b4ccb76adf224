import fc from 'fast-check';
import type { TestTarget } from 'parley/testing';
import { Disagreement } from './driver/disagreement.js';
import { Driver } from './driver/driver.js';
import { type Step, steps } from './steps.js';

/** One room of each kind with members, so that what is drawn next has something to meet. */
const PRELUDE: readonly Step[] = [
  { ...opening(), by: 0, variant: 0, place: 0b0110 },
  { ...opening(), by: 1, variant: 1, place: 0b0001 },
  { ...opening(), by: 0, variant: 2, who: 3 },
];

function opening(): Step {
  return { name: 'room.create', by: 0, device: 0, room: 0, who: 0, place: 0, variant: 0, words: [0] };
}

export interface Campaign {
  readonly seed: number;
  /** Leads to one sequence of those that the seed draws. */
  readonly path?: string | undefined;
  readonly runs: number;
  /** The most steps of one run. */
  readonly length: number;
  /** No run begins after so long. */
  readonly budgetMs: number;
  /** Whether the steps that lead to a disagreement are made fewer. Defaults to true. */
  readonly isShrunk?: boolean;
  /** A push that is missing is waited for that long. Defaults to 4,000 ms. */
  readonly patienceMs?: number;
}

/** What a campaign found: nothing, or the shortest way to a disagreement that it came upon. */
export interface Finding {
  readonly runs: number;
  readonly failure: Failure | undefined;
  /** How often each request was answered how: `room.get ok`, `room.get NOT_FOUND`. */
  readonly tally: ReadonlyMap<string, number>;
}

export interface Failure {
  /** Where the service and the rules disagree. */
  readonly where: string;
  /** With the seed and the path that lead there again, and the requests on the way. */
  readonly report: string;
}

const PATIENCE_MS = 4000;
/** While a failure is shrunk: it is known to fail. */
const SHRINKING_PATIENCE_MS = 300;
/** Requests that a report shows. */
const MOST_REQUESTS = 25;

let plays = 0;

/** Plays sequences of steps until one shows a disagreement, which is shrunk, or there were enough. */
export async function campaign(target: TestTarget, options: Campaign): Promise<Finding> {
  const { seed, path, runs, length, budgetMs, isShrunk = true, patienceMs = PATIENCE_MS } = options;
  let failed: FailedPlay | undefined;
  const tally = new Map<string, number>();
  const property = fc.asyncProperty(steps(length), async (drawn) => {
    try {
      const played = await play(target, drawn, failed ? SHRINKING_PATIENCE_MS : patienceMs);
      for (const [outcome, count] of played) tally.set(outcome, (tally.get(outcome) ?? 0) + count);
    } catch (error) {
      if (error instanceof FailedPlay) failed = error;
      throw error;
    }
  });
  const endOnFailure = path !== undefined || !isShrunk;
  const limits = { numRuns: runs, interruptAfterTimeLimit: budgetMs, endOnFailure };
  const result = await fc.check(property, { seed, ...limits, ...(path !== undefined && { path }) });
  if (!result.failed) return { runs: result.numRuns, failure: undefined, tally };
  const { errorInstance: error, counterexamplePath } = result;
  if (!(error instanceof FailedPlay)) throw error;
  const report = `MODEL_SEED=${seed} MODEL_PATH=${counterexamplePath}\n${error.message}`;
  return { runs: result.numRuns, failure: { where: error.where, report }, tally };
}

/** A sequence of steps after which the service and the rules disagree. */
class FailedPlay extends Error {
  constructor(
    readonly where: string,
    disagreement: Error,
    transcript: readonly string[],
  ) {
    super([disagreement.message, ...transcript.slice(-MOST_REQUESTS)].join('\n'), { cause: disagreement });
  }
}

async function play(
  target: TestTarget,
  drawn: readonly Step[],
  patienceMs: number,
): Promise<Driver['tally']> {
  const driver = await Driver.start(target, { tag: `m${++plays}`, patienceMs });
  try {
    for (const step of [...PRELUDE, ...drawn]) await driver.play(step);
    await driver.audit();
    return driver.tally;
  } catch (error) {
    if (error instanceof Disagreement) throw new FailedPlay(error.where, error, driver.transcript);
    throw error;
  } finally {
    await driver.end();
  }
}
