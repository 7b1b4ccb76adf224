import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Level, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { activeTrace } from '../../realtime/index.js';
import { cut, loggable } from './log-fields.js';
import { visible, visibleJson, visibleLines } from './visible.js';

/** What is logged, how and where. */
export interface LoggerSettings {
  readonly level: Level | 'silent';
  readonly format: 'pretty' | 'json';
  /** Where the lines go; the standard output without one. */
  readonly destination?: DestinationStream;
}

/** Nest's own words at its start: of use only to who looks for a fault in the wiring. */
const FRAMEWORK_CONTEXTS: ReadonlySet<unknown> = new Set([
  'ExceptionHandler',
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
  'WebSocketsController',
]);

const LONGEST_MESSAGE = 1000;
const LONGEST_STACK = 4000;

/**
 * Nest's logger on pino: one record is one line, of bounded length, without secrets, and without characters that act on a
 * terminal. A record that is written in traced work names its trace and connection.
 */
export class ParleyLogger implements LoggerService {
  private readonly pino: Logger;

  constructor({ level, format, destination }: LoggerSettings) {
    const options = {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: activeTrace,
      // `loggable` has made plain fields of errors already.
      serializers: { err: (fields: unknown) => fields },
      formatters: { level: (label: string) => ({ level: label }) },
    };
    this.pino = pino(
      options,
      format === 'pretty' ? prettyStream(destination) : jsonStream(destination ?? pino.destination(1)),
    );
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  /** Nest's arguments are `(message, stack?, context?)`. */
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const context = rest.length > 0 ? rest.at(-1) : undefined;
    const actual = FRAMEWORK_CONTEXTS.has(context) ? 'debug' : level;
    if (!this.pino.isLevelEnabled(actual)) return;
    const fields: Record<string, unknown> = { ...(context !== undefined && { context: loggable(context) }) };
    const stack = rest.length > 1 ? rest[0] : undefined;
    if (typeof stack === 'string') fields['stack'] = cut(stack, LONGEST_STACK);
    this.pino[actual]({ ...fields, ...fieldsOf(message) }, messageOf(message));
  }
}

function fieldsOf(message: unknown): object {
  if (message instanceof Error) return { err: loggable(message) };
  if (typeof message !== 'object' || message === null) return {};
  const { msg: _, ...fields } = message as Record<string, unknown>;
  return loggable(fields) as object;
}

function messageOf(message: unknown): string {
  if (message instanceof Error) return cut(message.message, LONGEST_MESSAGE);
  if (typeof message !== 'object' || message === null) return cut(String(message), LONGEST_MESSAGE);
  const { msg, err } = message as { msg?: unknown; err?: unknown };
  if (typeof msg === 'string') return cut(msg, LONGEST_MESSAGE);
  return err instanceof Error ? cut(err.message, LONGEST_MESSAGE) : '';
}

function jsonStream(destination: DestinationStream): DestinationStream {
  return { write: (line) => destination.write(visibleJson(line)) };
}

function prettyStream(destination: DestinationStream = process.stdout): DestinationStream {
  const prettified = prettyFactory({
    colorize: destination === process.stdout && process.stdout.isTTY,
    ignore: 'pid',
    translateTime: 'SYS:HH:MM:ss.l',
    messageFormat: ({ msg }) => visible(String(msg)),
  });
  return { write: (line) => destination.write(visibleLines(prettified(line))) };
}
