import { Module } from '@nestjs/common';
import { StorageModule } from 'parley';
import { PollsGateway } from './polls.gateway.js';
import { POLL_MIGRATIONS } from './polls.migrations.js';
import { PollsService } from './polls.service.js';

@Module({
  imports: [StorageModule.forFeature({ migrations: POLL_MIGRATIONS, stores: [] })],
  providers: [PollsService, PollsGateway],
})
export class PollsModule {}
