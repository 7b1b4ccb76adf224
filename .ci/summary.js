import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [resultsFolder, failedSteps] = process.argv.slice(2);
const runs = readdirSync(resultsFolder).map((file) => countsIn(join(resultsFolder, file)));
const passed = runs.reduce((sum, run) => sum + run.passed, 0);
const failed = runs.reduce((sum, run) => sum + run.failed, 0);
// A step that is not made of tests counts as one.
const failures = Math.max(failed, Number(failedSteps));
process.stdout.write(`${passed} passed, ${failures} failed\n`);
process.exitCode = failures > 0 ? 1 : 0;

function countsIn(file) {
  const results = JSON.parse(readFileSync(file, 'utf8'));
  for (const suite of results.testResults) {
    if (suite.status === 'failed') process.stdout.write(`failed: ${suite.name}\n${suite.message}\n`);
  }
  // A suite that does not even load has no failed test in it.
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
  };
}
