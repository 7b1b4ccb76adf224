import { fileTypeFromBuffer } from 'file-type';

/** Every signature that is looked for lies within the first bytes. */
export const HEAD_BYTES = 4100;

const UNKNOWN = 'application/octet-stream';

/** The type of the content that begins with these bytes, whatever its name says. */
export async function contentType(head: Uint8Array): Promise<string> {
  try {
    return (await fileTypeFromBuffer(head))?.mime ?? UNKNOWN;
  } catch {
    // A head that only looks like a known format can end in the middle of what its parser wants to read.
    return UNKNOWN;
  }
}
