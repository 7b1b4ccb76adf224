import type { Provider } from '@nestjs/common';
import { MessageGateway } from './message.gateway.js';
import { MessagesService } from './messages.service.js';
import { SenderPositions } from './sender-positions.js';
import { SendRate } from './send-rate.js';
import { requestHash, SendsService } from './sends.service.js';

export { requestHash, SenderPositions };
export { LONGEST_TEXT } from './message-text.decorator.js';
export { namedIds } from './named-users.js';
export { SendRate } from './send-rate.js';
export { store as messagesStore } from './messages.store.js';

/** What chat's module provides for messages. */
export const messageProviders: Provider[] = [
  SendsService,
  SendRate,
  SenderPositions,
  MessagesService,
  MessageGateway,
];
