import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint, importJWK } from 'jose';
import type { KeyStore } from './key-store.js';

/** One place where keys are kept, and any number of nodes on it. */
export interface KeyStoreHome {
  /** The store as one more node sees it. */
  open(): KeyStore;
  remove(): Promise<void>;
}

/** What every implementation of `KeyStore` does. */
export function describeKeyStore(name: string, makeHome: () => Promise<KeyStoreHome>): void {
  describe(`${name}, as a key store`, () => {
    let home: KeyStoreHome;

    beforeEach(async () => (home = await makeHome()));
    afterEach(async () => home.remove());

    it('has a private Ed25519 key in the first place', async () => {
      const [first] = await home.open().load();
      expect(first).toMatchObject({ kty: 'OKP', crv: 'Ed25519' });
      await expect(importJWK({ ...first }, 'EdDSA')).resolves.toMatchObject({ type: 'private' });
    });

    it('names every key, and each differently', async () => {
      const keys = await home.open().load();
      expect(new Set(keys.map((key) => key.kid)).size).toBe(keys.length);
      for (const key of keys) expect(key.kid).toMatch(/^\S{1,128}$/);
    });

    it('gives the same keys again, in the same order', async () => {
      const before = await home.open().load();
      expect(await home.open().load()).toEqual(before);
    });

    it('gives nodes that start at once the same keys', async () => {
      const nodes = Array.from({ length: 5 }, () => home.open());
      const loaded = await Promise.all(nodes.map(async (node) => node.load()));
      for (const keys of loaded) expect(keys).toEqual(loaded[0]);
    });

    it('gives keys that no other home has', async () => {
      const other = await makeHome();
      try {
        const [[mine], [theirs]] = await Promise.all([home.open().load(), other.open().load()]);
        expect(await calculateJwkThumbprint({ ...mine })).not.toBe(
          await calculateJwkThumbprint({ ...theirs }),
        );
      } finally {
        await other.remove();
      }
    });
  });
}
