import { readdirSync, readFileSync } from 'node:fs';

/** CPU time of all threads of a process since it began, in microseconds, as the kernel counts it. */
export function cpuUsOf(pid) {
  const tasks = `/proc/${pid}/task`;
  const spent = readdirSync(tasks).map((task) => Number(read(`${tasks}/${task}/schedstat`).split(' ')[0]));
  return spent.reduce((sum, ns) => sum + ns, 0) / 1000;
}

/** The same of a process and of those that it has started, by process. */
export function cpuUsOfFamily(pid) {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
  );
  return new Map([[pid, cpuUsOf(pid)], ...children.filter(isThere).map((child) => [child, cpuUsOf(child)])]);
}

/** What a family has spent between two looks; what one spent that has ended in between is not in it. */
export function spentUs(before, after) {
  return [...after].reduce((sum, [pid, us]) => sum + us - (before.get(pid) ?? 0), 0);
}

function isThere(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const read = (file) => readFileSync(file, 'utf8');
