const { PROPERTY_SEED } = process.env;

// Properties that are given a seed of their own keep it. Most suites have none: the library is loaded for its sake alone.
if (PROPERTY_SEED !== undefined) {
  const { default: fc } = await import('fast-check');
  fc.configureGlobal({ seed: Number(PROPERTY_SEED) });
}

export {};
