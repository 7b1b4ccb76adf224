import type { Outcome } from '../change.js';
import type { Workspace } from '../workspace.js';
import type { LifecycleChange } from './changes.js';
import { deleteMessage } from './delete-rules.js';
import { editMessage } from './edit-rules.js';
import { pinMessage } from './pin-rules.js';
import { reactToMessage } from './reaction-rules.js';

/** Does something to a message after it was sent. */
export function changeMessage(work: Workspace, change: LifecycleChange): Outcome {
  switch (change.change) {
    case 'edit':
      return editMessage(work, change);
    case 'delete':
      return deleteMessage(work, change);
    case 'react':
    case 'unreact':
      return reactToMessage(work, change);
    case 'pin':
    case 'unpin':
      return pinMessage(work, change);
  }
}
