import { describe, expect, it } from '@jest/globals';
import { Meters } from '../../realtime/index.js';
import { exposed } from './exposition.js';

describe('exposed', () => {
  it('writes meters as Prometheus reads them: buckets with those below them, texts escaped', async () => {
    const meters = new Meters();
    meters.counter({ name: 'a_total', help: 'A\nhelp.' }, { label: 'a "quote" \\ and\na break' }).add(2);
    const histogram = meters.histogram({ name: 'b_seconds', help: 'B.', bounds: [0.1, 1] }, { of: 'x' });
    for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);
    meters.gauge({ name: 'c', help: 'C.' }, () => 0.5);
    expect((await exposed(meters).metrics()).split('\n').filter((line) => line !== '')).toEqual([
      '# HELP a_total A\\nhelp.',
      '# TYPE a_total counter',
      'a_total{label="a \\"quote\\" \\\\ and\\na break"} 2',
      '# HELP b_seconds B.',
      '# TYPE b_seconds histogram',
      'b_seconds_bucket{of="x",le="0.1"} 2',
      'b_seconds_bucket{of="x",le="1"} 3',
      'b_seconds_bucket{of="x",le="+Inf"} 4',
      'b_seconds_sum{of="x"} 7.65',
      'b_seconds_count{of="x"} 4',
      '# HELP c C.',
      '# TYPE c gauge',
      'c 0.5',
    ]);
  });
});
