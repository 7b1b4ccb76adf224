import { describe, expect, it } from '@jest/globals';
import { bucketOf } from './bucket.js';

const KEYS = { accessKeyId: 'AK', secretAccessKey: 'a/b+c' };

describe('the address of a bucket', () => {
  it.each([
    ['https://AK:a%2Fb%2Bc@minio:9000/files', 'https://minio:9000/files', 'us-east-1'],
    ['http://AK:a%2Fb%2Bc@minio/files/chat/', 'http://minio/files/chat', 'us-east-1'],
    ['https://AK:a%2Fb%2Bc@r2.test/files?region=auto', 'https://r2.test/files', 'auto'],
    [
      's3://AK:a%2Fb%2Bc@files?region=eu-central-1',
      'https://s3.eu-central-1.amazonaws.com/files',
      'eu-central-1',
    ],
    ['s3://AK:a%2Fb%2Bc@files/chat', 'https://s3.us-east-1.amazonaws.com/files/chat', 'us-east-1'],
  ])('%s is %s', (text, url, region) => {
    expect(bucketOf(text)).toEqual({ url, region, ...KEYS });
  });

  it.each(['https://minio/files', 'https://AK@minio/files', 'https://AK:x@minio', 'https://AK:x@minio/'])(
    'is not %s',
    (text) => {
      expect(bucketOf(text)).toBeUndefined();
    },
  );
});
