type Method = (this: object, ...parameters: unknown[]) => unknown;

/**
 * Puts another method in the place of one of the service's, private ones too: a plant is a fault of ours, and those are not made
 * through ports. Throws when there is no such method, so that a plant does not quietly become none.
 */
export function replaceMethod(prototype: object, name: string, make: (original: Method) => Method): void {
  const original = Reflect.get(prototype, name) as Method | undefined;
  if (typeof original !== 'function') throw new Error(`there is no ${name} to be replaced`);
  Reflect.set(prototype, name, make(original));
}
