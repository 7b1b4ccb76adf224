import { Injectable } from '@nestjs/common';
import { Draining } from '../drain/draining.js';
import { CODECS } from '../frames/codecs.js';
import { Connections } from '../lifecycle/connections.js';
import { Meters, type Sample } from './meters.js';

/** What is due to all connections together. */
interface Due {
  readonly bytes: number;
  readonly largest: number;
  readonly behind: number;
}

/** Shows how the connections of this node are. Each look goes over all of them, some 0.1 µs for each. */
@Injectable()
export class ConnectionGauges {
  constructor(
    private readonly connections: Connections,
    draining: Draining,
    meters: Meters,
  ) {
    meters.gauge({ name: 'parley_connections', help: 'Open connections, by subprotocol.' }, () =>
      this.bySubprotocol(),
    );
    meters.gauge(
      { name: 'parley_outbox_bytes', help: 'Bytes that are due to connections and unsent.' },
      () => this.due().bytes,
    );
    meters.gauge(
      { name: 'parley_outbox_largest_bytes', help: 'Bytes that are due to the connection with the most.' },
      () => this.due().largest,
    );
    meters.gauge(
      { name: 'parley_connections_behind', help: 'Connections that are being brought up from a log.' },
      () => this.due().behind,
    );
    meters.gauge({ name: 'parley_draining', help: '1 from SIGTERM on, else 0.' }, () =>
      draining.isDraining ? 1 : 0,
    );
  }

  private bySubprotocol(): Sample[] {
    const counts = new Map<string, number>(Object.keys(CODECS).map((name) => [name, 0]));
    for (const { subprotocol } of this.connections.all())
      counts.set(subprotocol, (counts.get(subprotocol) ?? 0) + 1);
    return [...counts].map(([subprotocol, value]) => ({ labels: { subprotocol }, value }));
  }

  private due(): Due {
    let [bytes, largest, behind] = [0, 0, 0];
    for (const { outbox, catchUp } of this.connections.all()) {
      const { unsentBytes } = outbox;
      bytes += unsentBytes;
      largest = Math.max(largest, unsentBytes);
      if (catchUp.isBehind) behind++;
    }
    return { bytes, largest, behind };
  }
}
