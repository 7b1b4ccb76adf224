import { Injectable } from '@nestjs/common';

/** How far the node is in going down. Health checks and the front door look at it. */
@Injectable()
export class Draining {
  /** True from SIGTERM on: readiness is 503, so that balancers send nobody new. */
  isDraining = false;
  /** True once `DRAIN_DELAY_MS` is over: new upgrades are refused. */
  isRefusing = false;
}
