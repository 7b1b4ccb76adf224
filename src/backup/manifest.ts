import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const FILE = 'backup.json';

/** Of the folder. A change that an older `restore` would read wrongly makes it 2. */
const FORMAT = 1;

const MANIFEST = z.object({
  format: z.literal(FORMAT),
  madeAt: z.string(),
  /** Which SQL the copy is of. */
  dialect: z.enum(['sqlite', 'postgres']),
  /** The steps of its schema. */
  steps: z.array(z.object({ name: z.string(), checksum: z.string(), is_compatible: z.number() })),
  /** Where the files of members are: beside the copy, or in a bucket that has a backup of its own. */
  attachments: z.enum(['folder', 'bucket']),
  files: z.number(),
});

/** What a backup says of itself. */
export type Manifest = Readonly<z.infer<typeof MANIFEST>>;

/** Written last: a folder without it is no backup. */
export async function writeManifest(folder: string, manifest: Omit<Manifest, 'format'>): Promise<void> {
  const text = `${JSON.stringify({ format: FORMAT, ...manifest }, undefined, 2)}\n`;
  await writeFile(join(folder, FILE), text, { mode: 0o600, flush: true, flag: 'wx' });
}

/** Rejects, with the reason, when the folder is no backup that this version reads. */
export async function readManifest(folder: string): Promise<Manifest> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(join(folder, FILE), 'utf8'));
  } catch (error) {
    throw new Error(`${folder} is no backup: it has no ${FILE} that can be read`, { cause: error });
  }
  const { data } = MANIFEST.safeParse(content);
  if (data !== undefined) return data;
  const format = String((content as { format?: unknown } | null)?.format);
  throw new Error(
    format === String(FORMAT)
      ? `${folder} is no backup: its ${FILE} is damaged`
      : `${folder} is a backup of format ${format}: this version reads format ${FORMAT}; restore it with the version that made it`,
  );
}
