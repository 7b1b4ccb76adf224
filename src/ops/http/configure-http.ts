import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '../../config/index.js';
import { answerHeaders } from '../../realtime/index.js';
import { refuseHarmfulBodies, translateBodyErrors } from './body-errors.js';

/** Bodies of the HTTP calls are small; frames and uploads have limits of their own. */
const MAX_BODY_BYTES = 65_536;

/** Everything about HTTP that is not a route. */
export function configureHttp(app: NestExpressApplication, config: Config): void {
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(setAnswerHeaders);
  app.enableCors({
    origin: [...config.ALLOWED_ORIGINS],
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: ['Authorization', 'Content-Type'],
    exposedHeaders: ['Retry-After'],
    credentials: false,
    maxAge: 600,
  });
  app.useBodyParser('json', { limit: MAX_BODY_BYTES });
  app.use(refuseHarmfulBodies, translateBodyErrors);
}

/** Express middleware before all others: what a handler says of its own answer comes after, and counts. */
function setAnswerHeaders(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  for (const [name, value] of Object.entries(answerHeaders(request.socket))) response.setHeader(name, value);
  next();
}
