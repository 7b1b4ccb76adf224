/**
 * Where the time of a `.cpuprofile` went: by the function it was spent in, and by those that were under way, itself
 * included. The time before `--after` seconds, in which the service starts, is left out.
 * node bench/profile.js <file> [--after 5] [--rows 40]
 * `npm run bench -- --profile <folder> --peers parley --shapes 1x100 --scenarios traffic` writes one for each thread.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { after: { type: 'string', default: '5' }, rows: { type: 'string', default: '40' } },
});
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(positionals[0], 'utf8'));
const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
const [own, underWay] = [new Map(), new Map()];
let [elapsed, busy] = [0, 0];
samples.forEach((id, index) => {
  elapsed += timeDeltas[index];
  if (elapsed >= Number(values.after) * 1e6 && names.get(id) !== '(idle)') note(id, timeDeltas[index]);
});
console.log(`busy for ${Math.round(busy / 1000)} of ${Math.round(elapsed / 1000 - values.after * 1000)} ms`);
for (const [title, spent] of Object.entries({ 'spent in': own, 'under way': underWay })) print(title, spent);

function note(id, us) {
  busy += us;
  add(own, names.get(id), us);
  const stack = new Set();
  for (let at = id; at !== undefined; at = parents.get(at)) stack.add(names.get(at));
  for (const name of stack) add(underWay, name, us);
}

function add(spent, name, us) {
  spent.set(name, (spent.get(name) ?? 0) + us);
}

function print(title, spent) {
  console.log(`\n${title}`);
  const top = [...spent].toSorted(([, one], [, other]) => other - one).slice(0, Number(values.rows));
  for (const [name, us] of top) console.log(`${((us / busy) * 100).toFixed(1).padStart(5)} %  ${name}`);
}

function nameOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*\/(node_modules|src)\//, '$1/');
  return `${functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${lineNumber + 1}`}`;
}
