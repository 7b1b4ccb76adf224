/**
 * Where the time of a `.cpuprofile` went, by self time: node bench/profile.js <file> [rows]
 * `npm run bench -- --profile <folder> --peers parley --shapes 1x100 --scenarios traffic` writes one for each thread.
 */
import { readFileSync } from 'node:fs';

const [file, rows = '40'] = process.argv.slice(2);
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8'));
const byId = new Map(nodes.map((node) => [node.id, node]));
const spent = new Map();
samples.forEach((id, index) => {
  const name = nameOf(byId.get(id).callFrame);
  spent.set(name, (spent.get(name) ?? 0) + timeDeltas[index]);
});
spent.delete('(idle)');
const busy = [...spent.values()].reduce((sum, us) => sum + us, 0);
const top = [...spent].toSorted(([, one], [, other]) => other - one).slice(0, Number(rows));
console.log(`busy for ${Math.round(busy / 1000)} ms`);
for (const [name, us] of top) console.log(`${((us / busy) * 100).toFixed(1).padStart(5)} %  ${name}`);

function nameOf({ functionName, url, lineNumber }) {
  const place = url.replace(/^.*\/(node_modules|src)\//, '$1/');
  return `${functionName || '(anonymous)'}${place === '' ? '' : ` ${place}:${lineNumber + 1}`}`;
}
