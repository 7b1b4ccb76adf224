import cluster from 'node:cluster';

/** Where the first process tells each other which of them it is: 1, 2, 3 … */
export const NUMBER_KEY = 'PARLEY_PROCESS';

/** What a node's process tells the first one: it serves at this address. */
export interface Serving {
  readonly parley: 'serving';
  readonly address: string;
}

/** What the first process tells a node's: to drain and end. */
export interface StopOrder {
  readonly parley: 'stop';
}

/** One of several processes that are nodes behind one port. */
export interface NodeProcess {
  /** From 1; a process that takes another's place has its number. */
  readonly number: number;
  /** Says that the node serves, and where. */
  serves(address: string): void;
  /** Calls back when all are to stop. */
  onStop(stop: () => void): void;
}

/** This process, if another one has started it as one of several. */
export function nodeProcess(): NodeProcess | undefined {
  const number = Number(process.env[NUMBER_KEY]);
  if (!cluster.isWorker || !(number > 0)) return undefined;
  return {
    number,
    serves: (address) => process.send?.({ parley: 'serving', address } satisfies Serving),
    onStop: (stop) => {
      process.on('message', (message) => {
        if (isOf<StopOrder>(message, 'stop')) stop();
      });
    },
  };
}

export function isOf<Kind extends Serving | StopOrder>(
  message: unknown,
  kind: Kind['parley'],
): message is Kind {
  return typeof message === 'object' && message !== null && 'parley' in message && message.parley === kind;
}
