import { redisUrl } from '../redis-url.js';
import { setting } from '../setting.js';
import { bucketUrl, oneOf, text, url, wholeNumber, yesOrNo } from '../value-kinds.js';

const LONGEST_RETENTION_DAYS = 36_500;
const LARGEST_FILE_BYTES = 2 ** 40;

/** Where things are kept, how safely and how long. */
export const STORAGE_SETTINGS = {
  DATA_DIR: setting(text('a folder'), {
    fallback: './data',
    meaning: 'folder of the embedded store, made if absent; locked by one process',
  }),
  DATABASE_URL: setting(url('postgres', 'postgresql'), {
    fallback: null,
    meaning: 'PostgreSQL instead of the embedded store',
  }),
  REDIS_URL: setting(redisUrl(), {
    fallback: null,
    meaning: 'bus, presence and limits across nodes; needs `DATABASE_URL`',
  }),
  DURABILITY: setting(oneOf('full', 'process'), {
    fallback: 'full',
    meaning: '`full`: an acknowledged message survives a power cut; `process`: only a crash of the process',
  }),
  S3_URL: setting(bucketUrl(), {
    fallback: null,
    meaning: 'attachments in an S3-compatible bucket instead of `DATA_DIR`',
  }),
  SHARED_FILES: setting(yesOrNo('yes', 'no'), {
    fallback: false,
    shownDefault: 'no',
    meaning:
      'says that the nodes of a cluster share `DATA_DIR` for attachments, so that they need no `S3_URL`',
  }),
  MAX_ATTACHMENT_BYTES: setting(wholeNumber(1, LARGEST_FILE_BYTES), {
    fallback: 10_485_760,
    unit: 'bytes',
    meaning: 'largest attachment',
  }),
  MAX_UPLOAD_BYTES_PER_DAY: setting(wholeNumber(0, LARGEST_FILE_BYTES), {
    fallback: 1_073_741_824,
    unit: 'bytes',
    meaning: 'attachments of one user in a day; 0 is no limit',
  }),
  RETENTION_DAYS: setting(wholeNumber(0, LONGEST_RETENTION_DAYS), {
    fallback: 0,
    unit: 'days',
    meaning: 'older events are dropped and `floor` rises; 0 keeps them for ever',
  }),
};
