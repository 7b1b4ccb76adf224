import { Transform } from 'class-transformer';
import { IsInt, Max, Min, ValidateBy } from 'class-validator';
import { IsText } from '../../../realtime/index.js';
import { isStorableJson } from './text.js';

const MAX_META_BYTES = 4096;

/** A client's own name for a request, under which it can be repeated. */
export const IsClientId = (): PropertyDecorator => IsText({ min: 8, max: 64 });

/** A place in a room's log; from 0 where the place before the first event is one too. */
export const IsSeq = (min: 0 | 1 = 1): PropertyDecorator =>
  all(IsInt(), Min(min), Max(Number.MAX_SAFE_INTEGER));

/** How many items an answer may have. */
export const IsLimit = (max: number): PropertyDecorator => all(IsInt(), Min(1), Max(max));

/** An object of at most 4 KiB as JSON, taken as it is. */
export const IsMeta = (): PropertyDecorator =>
  all(
    Transform(({ obj, key }: { obj: Record<string, unknown>; key: string }) => obj[key]),
    ValidateBy({
      name: 'isMeta',
      validator: {
        validate: isMeta,
        defaultMessage: () =>
          `must be an object of at most ${MAX_META_BYTES} bytes of JSON, without U+0000 and lone surrogates`,
      },
    }),
  );

function isMeta(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return isStorableJson(value) && Buffer.byteLength(JSON.stringify(value)) <= MAX_META_BYTES;
}

function all(...decorators: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    for (const decorate of decorators) decorate(target, property);
  };
}
