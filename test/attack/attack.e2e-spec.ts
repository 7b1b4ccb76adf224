import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';

/** What `bench/attack.js` says of one attack. */
interface Phase {
  readonly attack: string;
  readonly due: number;
  readonly lost: number;
  readonly doubled: number;
  readonly refused: number;
  readonly closed: number;
  readonly rss: { readonly before: number; readonly peak: number };
  /** How often the service answered with which status or close code. */
  readonly answers: Record<string, Record<string, number>>;
}

const BENCH = fileURLToPath(new URL('../../bench/attack.js', import.meta.url));
const EVERY = [
  'upgrade flood',
  'slow headers',
  'ping flood',
  'fragment bombs',
  'giant lengths',
  'never reading',
  'login guessing',
  'message flood',
  'bad frames',
];
/** Far more than the service needs in health, far less than an attack that is not met would take. */
const GROWTH_MIB = 300;

describe('good clients beside hostile ones', () => {
  let phases: ReadonlyMap<string, Phase>;

  beforeAll(async () => {
    const bench = spawn(process.execPath, [BENCH, '--rounds', '120', '--clients', '12', '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [output, [code]] = await Promise.all([text(bench.stdout), once(bench, 'close')]);
    expect(code).toBe(0);
    phases = new Map((JSON.parse(output) as Phase[]).map((phase) => [phase.attack, phase]));
  }, 180_000);

  function phaseOf(attack: string): Phase {
    const phase = phases.get(attack);
    if (!phase) throw new Error(`${attack} was not measured`);
    return phase;
  }

  it('are measured under every attack', () => {
    expect([...phases.keys()]).toEqual(['none', ...EVERY, 'all at once']);
  });

  it.each(['none', ...EVERY, 'all at once'])('lose nothing and stay connected: %s', (attack) => {
    const { due, lost, doubled, refused, closed } = phaseOf(attack);
    expect(due).toBeGreaterThan(0);
    expect({ lost, doubled, refused, closed }).toEqual({ lost: 0, doubled: 0, refused: 0, closed: 0 });
  });

  it.each([...EVERY, 'all at once'])('leave the service its memory: %s', (attack) => {
    const calm = phaseOf('none').rss.before;
    expect(phaseOf(attack).rss.peak).toBeLessThan(calm + GROWTH_MIB);
  });

  it.each([
    ['a flood of upgrades is answered with 429 (T03)', 'upgrade flood', '429'],
    ['a bad frame again and again is closed with 4400 (T11)', 'bad frames', '4400'],
    ['a giant length is closed with 1009 (T12)', 'giant lengths', '1009'],
    ['a bomb of fragments is closed with 1008 (T13)', 'fragment bombs', '1008'],
    ['who does not read is held, and costs nobody (T18)', 'never reading', 'held'],
    ['a guess again and again is answered with 429 (T26)', 'login guessing', '429'],
  ])('%s', (_, attack, answer) => {
    expect(phaseOf(attack).answers[attack]?.[answer]).toBeGreaterThan(0);
  });
});
