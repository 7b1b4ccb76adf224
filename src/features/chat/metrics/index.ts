import type { Provider } from '@nestjs/common';
import { ChatGauges } from './chat-gauges.js';
import { ConsumerGauges } from './consumer-gauges.js';

/** What shows chat to whoever reads metrics. */
export const metricsProviders: Provider[] = [ChatGauges, ConsumerGauges];
