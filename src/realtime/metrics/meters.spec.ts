import { beforeEach, describe, expect, it } from '@jest/globals';
import { Meters, type Metric } from './meters.js';
import { RequestMeters } from './request-meters.js';
import { Traffic } from './traffic.js';

const TERMS = { name: 'polls_votes_total', help: 'Votes.' };

let meters: Meters;

beforeEach(() => {
  meters = new Meters();
});

const metricOf = (name: string): Metric => {
  const found = [...meters.all()].find((metric) => metric.name === name);
  if (found === undefined) throw new Error(`there is no metric ${name}`);
  return found;
};
const samplesOf = (name: string): unknown[] => [...metricOf(name).read()];

describe('Meters', () => {
  it('counts by labels, and gives the same counter for the same labels', () => {
    meters.counter(TERMS, { poll: 'a' }).add();
    meters.counter(TERMS, { poll: 'b' }).add(3);
    meters.counter(TERMS, { poll: 'a' }).add();
    expect(samplesOf(TERMS.name)).toEqual([
      { labels: { poll: 'a' }, value: 2 },
      { labels: { poll: 'b' }, value: 3 },
    ]);
  });

  it('counts a value for the first bound that it does not exceed', () => {
    const histogram = meters.histogram({ ...TERMS, bounds: [1, 5] });
    for (const value of [0, 1, 1.5, 5, 6]) histogram.observe(value);
    expect([histogram.counts, histogram.sum]).toEqual([[2, 2, 1], 13.5]);
  });

  it('asks for the number of a gauge only when it is read', () => {
    let asked = 0;
    meters.gauge(TERMS, () => ++asked);
    expect(asked).toBe(0);
    expect([samplesOf(TERMS.name), samplesOf(TERMS.name)]).toEqual([
      [{ labels: {}, value: 1 }],
      [{ labels: {}, value: 2 }],
    ]);
  });

  it.each([
    ['a gauge', () => meters.gauge(TERMS, () => 0)],
    ['a number that is counted elsewhere', () => meters.counted(TERMS, () => 0)],
    ['a histogram', () => meters.histogram({ ...TERMS, bounds: [1] })],
  ])('refuses the name of a counter to %s', (_, declare) => {
    meters.counter(TERMS);
    expect(declare).toThrow('two metrics are named "polls_votes_total"');
  });
});

describe('labels', () => {
  it('hold no code of a module’s own', () => {
    const meter = new RequestMeters(meters).of('poll.vote');
    for (let at = 0; at < 100; at++) meter.answered(`POLL_${at}`, 1);
    meter.refused('RATE_LIMITED');
    expect(samplesOf('parley_requests_total')).toEqual([
      { labels: { event: 'poll.vote', outcome: 'other' }, value: 100 },
      { labels: { event: 'poll.vote', outcome: 'RATE_LIMITED' }, value: 1 },
    ]);
  });

  it('hold no close code that a client made up', () => {
    const traffic = new Traffic(meters);
    for (let code = 3000; code < 4999; code++) traffic.closed(code);
    traffic.closed(1006);
    const codes = samplesOf('parley_closes_total').map(
      (sample) => (sample as { labels: { code: string } }).labels.code,
    );
    expect(codes).toContain('other');
    expect(codes.length).toBeLessThan(25);
  });
});
