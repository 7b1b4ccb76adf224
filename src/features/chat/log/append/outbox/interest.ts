/** The events that a consumer of the logs is to have: those of these types, or all. */
export interface Interest {
  readonly consumer: string;
  readonly types: '*' | readonly string[];
}

/** Whether the consumer is to have events of this type. */
export function wants({ types }: Interest, type: string): boolean {
  return types === '*' || types.includes(type);
}
