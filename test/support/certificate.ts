import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A certificate that is its own authority, and its key, both in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 86_400_000;
const OID = {
  commonName: '0603550403',
  ecdsaWithSha256: '06082a8648ce3d040302',
  subjectAltName: '0603551d11',
};
const TAG = { sequence: 0x30, set: 0x31, utf8: 0x0c, time: 0x17, bits: 0x03, bytes: 0x04 };

/** Makes a certificate for `localhost` and 127.0.0.1 (RFC 5280), which ends when it is told to: by default in a day. */
export function makeCertificate(name: string, endsAtMs = Date.now() + DAY_MS): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(TAG.sequence, Buffer.from(OID.ecdsaWithSha256, 'hex'));
  const entity = nameOf(name);
  const contents = der(
    TAG.sequence,
    Buffer.from('a003020102020101', 'hex'), // version 3, serial number 1
    algorithm,
    entity,
    der(TAG.sequence, time(endsAtMs - 2 * DAY_MS), time(endsAtMs)),
    entity,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(TAG.sequence, alternativeNames())),
  );
  return {
    cert: pem(der(TAG.sequence, contents, algorithm, signatureOf(contents, privateKey))),
    key: keyOf(privateKey),
  };
}

/** Puts it where `TLS_CERT_FILE` and `TLS_KEY_FILE` then say that it is. */
export async function writeCertificate(
  folder: string,
  { cert, key }: Certificate,
): Promise<Record<string, string>> {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  await writeFile(certFile, cert);
  await writeFile(keyFile, key);
  return { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile };
}

function nameOf(name: string): Buffer {
  const attribute = der(TAG.sequence, Buffer.from(OID.commonName, 'hex'), der(TAG.utf8, Buffer.from(name)));
  return der(TAG.sequence, der(TAG.set, attribute));
}

function alternativeNames(): Buffer {
  const names = der(
    TAG.sequence,
    der(0x82, Buffer.from('localhost')),
    der(0x87, Buffer.from([127, 0, 0, 1])),
  );
  return der(TAG.sequence, Buffer.from(OID.subjectAltName, 'hex'), der(TAG.bytes, names));
}

function signatureOf(contents: Buffer, privateKey: KeyObject): Buffer {
  return der(TAG.bits, Buffer.from([0]), sign('sha256', contents, privateKey));
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/[^0-9]/g, '');
  return der(TAG.time, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function keyOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
