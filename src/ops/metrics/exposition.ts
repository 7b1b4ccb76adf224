import { type Metric as PrometheusMetric, Registry } from 'prom-client';
import type { HistogramSample, Meters, Metric } from '../../realtime/index.js';

/** One line of a metric. */
interface Line {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The meters of this moment as a registry, which knows how Prometheus wants them written. */
export function exposed(meters: Meters): Registry {
  const registry = new Registry();
  for (const metric of meters.all()) {
    const { name, help, type } = metric;
    const lines = linesOf(metric);
    const shown = { name, help, type, get: () => Promise.resolve({ name, help, type, values: lines }) };
    // A registry asks a metric for its name and its values, whoever has counted them; the type names its own classes alone.
    registry.registerMetric(shown as unknown as PrometheusMetric);
  }
  return registry;
}

function linesOf(metric: Metric): Line[] {
  const { name } = metric;
  if (metric.type === 'histogram')
    return [...metric.read()].flatMap((sample) => histogramLines(name, sample));
  return [...metric.read()].map(({ labels, value }) => ({ metricName: name, labels, value }));
}

/** Prometheus' buckets hold all that is within their bound, those of lower bounds included. */
function histogramLines(name: string, { labels, histogram }: HistogramSample): Line[] {
  let total = 0;
  const buckets = histogram.counts.map((count, at) => {
    total += count;
    const bound = histogram.bounds[at];
    const le = bound === undefined ? '+Inf' : String(bound);
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
