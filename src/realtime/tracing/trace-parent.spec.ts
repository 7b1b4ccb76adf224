import { describe, expect, it } from '@jest/globals';
import { traceParentIn } from './trace-parent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceParentIn', () => {
  it('reads version 00', () => {
    const expected = { traceId: TRACE, spanId: SPAN, isRemote: true };
    expect(traceParentIn(`00-${TRACE}-${SPAN}-01`)).toEqual({ ...expected, traceFlags: 1 });
    expect(traceParentIn(`00-${TRACE}-${SPAN}-00`)).toEqual({ ...expected, traceFlags: 0 });
  });

  it('reads of a later version what it knows', () => {
    expect(traceParentIn(`cc-${TRACE}-${SPAN}-03-more`)).toMatchObject({ traceId: TRACE, traceFlags: 1 });
  });

  it.each([
    undefined,
    7,
    '',
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(200)}`,
  ])('ignores %j', (value) => {
    expect(traceParentIn(value)).toBeUndefined();
  });
});
