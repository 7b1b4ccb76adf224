import { Injectable } from '@nestjs/common';
import type { Liveness } from './presence-leases.js';

/** The users of this node's connections, and what those amount to now. */
@Injectable()
export class OwnUsers extends Map<string, Liveness> {}
