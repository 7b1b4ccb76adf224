import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate } from 'class-validator';
import { type ErrorDetail, RealtimeError } from '../errors/realtime-error.js';
import { detailsOf } from '../errors/validation-details.js';
import { LeanRules } from './lean-rules.js';

const NATIVE_TYPES: readonly unknown[] = [String, Number, Boolean, Array, Object, undefined];

/** Turns `data` into its declared class and refuses what that class does not allow, unknown properties included. */
@Injectable()
export class FrameValidationPipe implements PipeTransform<unknown, unknown> {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body' || NATIVE_TYPES.includes(metatype)) return value;
    return await validated(metatype as new () => object, value);
  }
}

/** As the pipe does it: for bodies that do not come through a handler's `@MessageBody()`. */
export async function validated<T extends object>(type: new () => T, value: unknown): Promise<T> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw failure([{ path: '', message: 'must be an object' }]);
  }
  const body = plainToInstance(type, value);
  if (LeanRules.of(type)?.accept(body) === true) return body;
  const errors = await validate(body, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
  });
  if (errors.length > 0) throw failure(errors.flatMap((error) => detailsOf(error)));
  return body;
}

function failure(details: readonly ErrorDetail[]): RealtimeError {
  return new RealtimeError('VALIDATION_FAILED', 'validation failed', { details });
}
