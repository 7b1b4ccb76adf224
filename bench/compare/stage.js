import { GeneratorProcess } from './generator-process.js';
import { ServerProcess } from './server-process.js';
import { strangers } from './shapes.js';

/** A fresh server, and a fresh load generator before it; both are gone when `play` is over. */
export async function onStage({ contender, shape, worlds, flags, stopSignal }, play) {
  const { dataDir, facts } = contender.hasAccounts
    ? await worlds.copy(shape)
    : { dataDir: undefined, facts: strangers(shape) };
  const env = dataDir === undefined ? contender.env : { ...contender.env, DATA_DIR: dataDir };
  const server = await ServerProcess.start({ command: contender.command, env, flags });
  const generator = new GeneratorProcess();
  const { host, port } = server;
  const address = { host, port, dialect: contender.dialect };
  try {
    return await play({ server, generator, facts, address });
  } finally {
    generator.stop();
    await server.stop(stopSignal);
    if (dataDir !== undefined) await worlds.remove(dataDir);
  }
}

export function delay(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
