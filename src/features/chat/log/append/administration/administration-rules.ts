import type { Outcome } from '../change.js';
import type { Workspace } from '../workspace.js';
import type { AdministrationChange } from './changes.js';
import { removeMember, unbanUser } from './removal-rules.js';
import { changeRole } from './role-rules.js';
import { archiveRoom, updateRoom } from './room-rules.js';
import { silenceMember } from './silence-rules.js';

/** Does something to a room, or to one of its members, on behalf of one who runs it. */
export function administer(work: Workspace, change: AdministrationChange): Outcome {
  switch (change.change) {
    case 'update':
      return updateRoom(work, change);
    case 'archive':
      return archiveRoom(work, change);
    case 'remove':
      return removeMember(work, change);
    case 'unban':
      return unbanUser(work, change);
    case 'role':
      return changeRole(work, change);
    case 'silence':
      return silenceMember(work, change);
  }
}
