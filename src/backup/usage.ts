import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run backup -- <folder>
       npm run restore -- <folder> [--replace] [--keep-sessions]

backup   copies the database and the files of members into a new folder; the service may run meanwhile
restore  puts such a copy where the settings point; the service must be stopped
  --replace        delete the database and the files of DATA_DIR that are there
  --keep-sessions  do not end the sessions: those that were ended since the backup live again

The settings are read as the service reads them: from the environment, .env.local and .env of the working folder.
`;

/** The command was called in a way that it does not know. */
export class UsageError extends Error {}

/** What the command is to do. */
export interface Task {
  readonly verb: 'backup' | 'restore';
  /** Of the backup. */
  readonly folder: string;
  readonly isReplacing: boolean;
  readonly keepsSessions: boolean;
}

/** Reads the arguments; `help` when they ask for it. Throws a `UsageError`. */
export function readArguments(args: readonly string[]): Task | 'help' {
  const { values, positionals } = parsed(args);
  if (values.help === true) return 'help';
  const { verb, folder } = named(positionals);
  if (verb === 'backup' && Object.keys(values).length > 0) {
    throw new UsageError('backup has no options: it never overwrites anything');
  }
  return {
    verb,
    folder,
    isReplacing: values.replace === true,
    keepsSessions: values['keep-sessions'] === true,
  };
}

function named([verb, folder = '', surplus]: readonly string[]): Pick<Task, 'verb' | 'folder'> {
  if (verb !== 'backup' && verb !== 'restore') {
    throw new UsageError('the first argument is backup or restore');
  }
  if (folder === '') throw new UsageError('name the folder of the backup');
  if (surplus !== undefined) throw new UsageError('name one folder, in quotes if it has spaces');
  return { verb, folder };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        replace: { type: 'boolean' },
        'keep-sessions': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
