import { type CryptoKey, importJWK, type JWK, type JWTHeaderParameters } from 'jose';
import { z } from 'zod';

/** Signatures that nobody can make with a public key (RFC 8725, 3.2). */
export const FOREIGN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** The one algorithm of a key that names none, by its type or curve. */
const DEFAULT_ALGORITHMS: Readonly<Record<string, string>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};

const SHORTEST_RSA_BITS = 2_048;

const USABLE_KEY = z.looseObject({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string().min(1),
  crv: z.string().optional(),
  alg: z.enum(FOREIGN_ALGORITHMS).optional(),
  use: z.literal('sig').optional(),
  key_ops: z
    .array(z.string())
    .refine((operations) => operations.includes('verify'))
    .optional(),
  // A provider that publishes private keys has none that prove anything.
  d: z.undefined().optional(),
});

/** The keys of one issuer, each for one algorithm only. */
export class IssuerKeySet {
  private constructor(private readonly keys: ReadonlyMap<string, CryptoKey>) {}

  /** Leaves out what no signature can be verified with. Throws if nothing remains. */
  static async of(jwks: unknown): Promise<IssuerKeySet> {
    const { keys } = z.object({ keys: z.array(z.unknown()) }).parse(jwks);
    const imported = await Promise.all(keys.map(importable));
    const usable = imported.filter((entry) => entry !== undefined);
    if (usable.length === 0) throw new Error("the provider's keys have none that can be used");
    return new IssuerKeySet(new Map(usable));
  }

  find({ kid, alg }: JWTHeaderParameters): CryptoKey | undefined {
    return kid === undefined ? undefined : this.keys.get(nameOf(kid, alg));
  }
}

async function importable(jwk: unknown): Promise<readonly [string, CryptoKey] | undefined> {
  const { data } = USABLE_KEY.safeParse(jwk);
  if (!data) return undefined;
  const algorithm = data.alg ?? DEFAULT_ALGORITHMS[data.crv ?? data.kty];
  if (algorithm === undefined) return undefined;
  try {
    const key = (await importJWK(jwk as JWK, algorithm)) as CryptoKey;
    return isLongEnough(key) ? [nameOf(data.kid, algorithm), key] : undefined;
  } catch {
    // A key that is damaged, or for another algorithm than it says, is one of those left out.
    return undefined;
  }
}

function isLongEnough({ algorithm }: CryptoKey): boolean {
  const { modulusLength = SHORTEST_RSA_BITS } = algorithm as { modulusLength?: number };
  return modulusLength >= SHORTEST_RSA_BITS;
}

function nameOf(kid: string, algorithm: string): string {
  return `${algorithm} ${kid}`;
}
