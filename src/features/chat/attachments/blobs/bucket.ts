/** An S3-compatible bucket and the key that opens it. */
export interface Bucket {
  /** The bucket's address, path-style, with the beginning of all object names and without a slash at its end. */
  readonly url: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const DEFAULT_REGION = 'us-east-1';

/**
 * Reads `https://<key id>:<secret>@<host>/<bucket>[/<prefix>][?region=…]`, `http://` for a server without TLS, or
 * `s3://<key id>:<secret>@<bucket>[/<prefix>][?region=…]` for Amazon's own. The parts of the key are percent-encoded.
 * `undefined` when a part is missing.
 */
export function bucketOf(text: string): Bucket | undefined {
  const url = new URL(text);
  const region = url.searchParams.get('region') ?? DEFAULT_REGION;
  const [accessKeyId, secretAccessKey] = [url.username, url.password].map(decodeURIComponent);
  const path = url.pathname.replace(/\/+$/, '');
  const isAmazons = url.protocol === 's3:';
  if (!accessKeyId || !secretAccessKey || (path === '' && !isAmazons)) return undefined;
  const place = isAmazons ? `https://s3.${region}.amazonaws.com/${url.host}` : `${url.protocol}//${url.host}`;
  return { url: `${place}${path}`, region, accessKeyId, secretAccessKey };
}
