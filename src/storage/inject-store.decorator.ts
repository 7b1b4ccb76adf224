import { Inject } from '@nestjs/common';

/** The injection token of a store. Pass the definition that was handed to `StorageModule.forFeature`. */
export function storeToken(definition: { readonly name: string }): string {
  return `store:${definition.name}`;
}

/**
 * Injects a store, as `Store<typeof definition>`.
 *
 * @example
 * ```ts
 * constructor(@InjectStore(users) private readonly users: Store<typeof users>) {}
 * ```
 */
export const InjectStore = (definition: { readonly name: string }): ParameterDecorator & PropertyDecorator =>
  Inject(storeToken(definition));
