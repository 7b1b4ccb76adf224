import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { ConfigError } from '../../config/index.js';

/** Where the certificate and its key are, both in PEM. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate, its key and how TLS is spoken with them: what a server takes. */
export type TlsIdentity = Pick<SecureContextOptions, 'cert' | 'key' | 'minVersion'>;

/**
 * Reads a certificate, with the chain that follows it in its file, and its key. Throws a `ConfigError` of one line, which names
 * the key and no value, when one of them cannot be read, is of no use, or they do not belong together.
 */
export function readTlsFiles({ certFile, keyFile }: TlsFiles): TlsIdentity {
  const cert = read('TLS_CERT_FILE', certFile);
  const key = read('TLS_KEY_FILE', keyFile);
  const certificate = certificateIn(cert);
  if (!certificate.checkPrivateKey(privateKeyIn(key))) {
    throw fault('TLS_KEY_FILE', 'does not belong to the certificate of TLS_CERT_FILE', 'its private key');
  }
  const identity: TlsIdentity = { cert, key, minVersion: 'TLSv1.2' };
  try {
    createSecureContext(identity);
  } catch (error) {
    throw fault('TLS_CERT_FILE', `is of no use to TLS (${codeOf(error)})`, CERTIFICATE);
  }
  return identity;
}

/** A line to warn with when the certificate holds at another time only; browsers will not come. */
export function untimelyCertificate({ cert }: TlsIdentity, nowMs: number): string | undefined {
  const { validFrom, validTo } = new X509Certificate(cert as Buffer);
  if (nowMs > Date.parse(validTo)) return `the certificate of TLS_CERT_FILE ended on ${validTo}`;
  return nowMs < Date.parse(validFrom)
    ? `the certificate of TLS_CERT_FILE begins on ${validFrom} only`
    : undefined;
}

const CERTIFICATE = 'a file with a certificate in PEM';
const PRIVATE_KEY = 'a file with a private key in PEM, without a passphrase';

function read(key: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw fault(key, `cannot be read (${codeOf(error)})`, 'a file that this user may read');
  }
}

function certificateIn(pem: Buffer): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw fault('TLS_CERT_FILE', 'holds no certificate', CERTIFICATE);
  }
}

function privateKeyIn(pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw fault('TLS_KEY_FILE', 'holds no private key that can be used', PRIVATE_KEY);
  }
}

function fault(key: string, what: string, allowed: string): ConfigError {
  return new ConfigError([`${key} ${what}: allowed is ${allowed}`]);
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code ?? 'unknown fault');
}
