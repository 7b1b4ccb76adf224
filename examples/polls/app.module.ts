import { Module } from '@nestjs/common';
import { ParleyModule } from 'parley';
import { PollsModule } from './polls.module.js';

@Module({ imports: [ParleyModule.register({ features: [PollsModule] })] })
export class AppModule {}
