import { Module } from '@nestjs/common';
import { ParleyModule } from 'parley';
import { AnnouncementsModule } from './announcements.module.js';
import { ApiKeysModule } from './api-keys.module.js';

@Module({ imports: [ParleyModule.register({ features: [ApiKeysModule, AnnouncementsModule] })] })
export class AppModule {}
