import type { INestApplication, LoggerService } from '@nestjs/common';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
const EXIT_FAILURE = 1;

/**
 * Stops the application on SIGTERM and SIGINT: it drains, and the process ends with 0, or with 1 when the stop
 * failed. A second signal ends the process at once, with 1. Returns what stops it without a signal; both may come.
 */
export function stopOnSignals(app: INestApplication, logger: LoggerService): () => void {
  let isStopping = false;
  let isSignalled = false;
  const stop = (reason: string): void => {
    if (isStopping) return;
    isStopping = true;
    logger.log(`${reason}: draining`, 'Process');
    app.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.fatal?.({ msg: 'the stop failed', err: error }, 'Process');
        process.exit(EXIT_FAILURE);
      },
    );
  };
  const signalled = (signal: NodeJS.Signals): void => {
    if (isSignalled) process.exit(EXIT_FAILURE);
    isSignalled = true;
    stop(signal);
  };
  for (const signal of SIGNALS) process.on(signal, signalled);
  return () => stop('stop');
}
