/** Stops what `begin-run` has started. */
export default async function endRun() {
  await globalThis.clusterPostgres?.stop();
}
