const MEDIAN = 0.5;

/** Rows of medians, one for each key, from many measured objects of the same properties. */
export function medianRows(measured) {
  return Object.fromEntries([...measured].map(([name, { runs }]) => [name, medians(runs)]));
}

function medians(runs) {
  const [first] = runs;
  return Object.fromEntries(Object.keys(first).map((key) => [key, median(runs.map((run) => run[key]))]));
}

export function median(values) {
  const sorted = values.filter((value) => value !== null).toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * MEDIAN)] ?? null;
}

/** A table in Markdown, as docs/performance.md has it. */
export function printTable(title, rows) {
  const [first] = Object.values(rows);
  if (first === undefined) return;
  const columns = Object.keys(first);
  console.log(`\n${title}\n`);
  console.log(`| | ${columns.join(' | ')} |`);
  console.log(`|---|${columns.map(() => '---:').join('|')}|`);
  for (const [name, row] of Object.entries(rows)) {
    console.log(`| ${name} | ${columns.map((column) => rounded(row[column])).join(' | ')} |`);
  }
}

export function rounded(value) {
  if (value === null) return '–';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(2)));
}
