export { keptAttachments } from './kept-attachments.store.js';
export { renewedEpoch } from './renewed-epoch.store.js';
