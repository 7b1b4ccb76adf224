import type { SpanContext } from '@opentelemetry/api';

/** Trace, span and flags (W3C Trace Context, section 3.2); ids of zeros are none. */
const IDS = '(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})';
const VERSION_00 = new RegExp(`^00-${IDS}$`);
/** A later version may say more; ff is none. */
const LATER = new RegExp(`^(?!00|ff)[0-9a-f]{2}-${IDS}(?:-.*)?$`);

const LONGEST = 128;

/** The trace that a `traceparent` names; `undefined` for anything that is none, which is ignored as the standard says. */
export function traceParentIn(value: unknown): SpanContext | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const found = VERSION_00.exec(value) ?? LATER.exec(value);
  if (found === null) return undefined;
  const [, traceId = '', spanId = '', flags = ''] = found;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
