import { join } from 'node:path';
import type { AttachmentSettings } from '../../attachment.settings.js';
import type { BlobStore } from './blob-store.js';
import { DiskBlobStore } from './blob-store.disk.js';
import { S3BlobStore } from './blob-store.s3.js';
import { bucketOf } from './bucket.js';

/** The store that the settings ask for. */
export function openBlobStore({ folder, isDurable, bucketUrl }: AttachmentSettings): BlobStore {
  if (bucketUrl === null) return new DiskBlobStore({ folder, isDurable });
  const bucket = bucketOf(bucketUrl);
  if (!bucket) {
    throw new Error(
      "the bucket's address is not whole: set it to https://<key id>:<secret>@<host>/<bucket>, with the key percent-encoded",
    );
  }
  return new S3BlobStore({ bucket, folder: join(folder, 'uploads') });
}
