import fc from 'fast-check';
import { checkAtRest } from './checks/at-rest.js';
import { Broken } from './checks/broken.js';
import { perform, scenario, type Scenario } from './steps.js';
import { type Planted, World } from './world/world.js';

/** Plays a run to its end. Rejects with `Broken` when a promise was. */
export async function play({ seed, nodes, faults, steps }: Scenario, plant?: Planted): Promise<World> {
  const world = new World(seed, { ...faults }, plant);
  await world.begin(nodes);
  for (const step of steps) await perform(world, step);
  await world.settle();
  checkAtRest(world);
  return world;
}

/** The run that belongs to a seed. */
export function scenarioOf(seed: number): Scenario {
  return fc.sample(scenario, { seed, numRuns: 1 })[0] as Scenario;
}

/** What the run of a seed breaks; undefined: nothing. */
export async function verdict(
  seed: number,
  plant?: Planted,
  onKept: (world: World) => void = () => undefined,
): Promise<Broken | undefined> {
  try {
    onKept(await play(scenarioOf(seed), plant));
    return undefined;
  } catch (error) {
    if (error instanceof Broken) return error;
    throw new Error(`seed ${seed}`, { cause: error });
  }
}

/** The smallest run found that breaks the same promise as the run of the seed, within a minute. */
export async function shrunk(seed: number, plant?: Planted): Promise<string> {
  const first = await verdict(seed, plant);
  const property = fc.asyncProperty(scenario, async (smaller) => {
    const error = await play(smaller, plant).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return !(error instanceof Broken) || error.check !== first?.check;
  });
  const { counterexample } = await fc.check(property, {
    seed,
    numRuns: 1,
    interruptAfterTimeLimit: 60_000,
  });
  return counterexample === null ? 'not found again' : fc.stringify(counterexample[0]);
}
