import type { SpanContext } from '@opentelemetry/api';

/** Version, trace, span, flags; a version after 00 may say more (W3C Trace Context, section 3.2). */
const TRACE_PARENT =
  /^(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?$/;

const LONGEST = 128;

/** The trace that a `traceparent` names; `undefined` for anything that is none, which is ignored as the standard says. */
export function traceParentIn(value: unknown): SpanContext | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const { version, traceId, spanId, flags, more } = TRACE_PARENT.exec(value)?.groups ?? {};
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return undefined;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}

function isZero(id: string): boolean {
  return /^0+$/.test(id);
}
