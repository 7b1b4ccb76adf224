import { Module } from '@nestjs/common';
import { StorageModule } from 'parley';
import { ApiKeyGuard } from './api-key.guard.js';
import { ApiKeysController } from './api-keys.controller.js';
import { API_KEY_MIGRATIONS } from './api-keys.migrations.js';
import { ApiKeysService } from './api-keys.service.js';

@Module({
  imports: [StorageModule.forFeature({ migrations: API_KEY_MIGRATIONS, stores: [] })],
  controllers: [ApiKeysController],
  providers: [ApiKeysService, ApiKeyGuard],
})
export class ApiKeysModule {}
