import type { UpgradeRequest } from '../../../realtime/index.js';

/** An upgrade request after `CredentialsGuard`: its one read of the store also told of a suspension. */
export interface AuthenticatedUpgrade extends UpgradeRequest {
  isSuspended?: boolean;
}
