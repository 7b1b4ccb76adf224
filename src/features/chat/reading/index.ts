import type { Provider } from '@nestjs/common';
import { LeavingReaders } from './leaving-readers.js';
import { ReadingGateway } from './reading.gateway.js';
import { ReadsService } from './reads.service.js';
import { ReceiptPushes } from './receipt-pushes.js';
import { ReceiptsService } from './receipts.service.js';

export { store as readsStore } from './reads.store.js';
export { store as receiptsStore } from './receipts.store.js';

/** What chat's module provides for read positions and receipts. */
export const readingProviders: Provider[] = [
  ReadsService,
  ReceiptsService,
  ReceiptPushes,
  ReadingGateway,
  LeavingReaders,
];
