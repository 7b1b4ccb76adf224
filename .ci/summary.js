import { readFileSync } from 'node:fs';

const [resultsFile, failedSteps] = process.argv.slice(2);
const { passed, failed } = testCounts();
// A step that is not made of tests counts as one.
const failures = failed + Number(failedSteps) - (failed > 0 ? 1 : 0);
process.stdout.write(`${passed} passed, ${failures} failed\n`);
process.exitCode = failures > 0 ? 1 : 0;

function testCounts() {
  try {
    const results = JSON.parse(readFileSync(resultsFile, 'utf8'));
    for (const suite of results.testResults) {
      if (suite.status === 'failed') process.stdout.write(`failed: ${suite.name}\n${suite.message}\n`);
    }
    // A suite that does not even load has no failed test in it.
    return {
      passed: results.numPassedTests,
      failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    };
  } catch {
    return { passed: 0, failed: 0 };
  }
}
