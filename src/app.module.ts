import { Module } from '@nestjs/common';
import { ParleyModule } from './parley.module.js';

/** This service and what it is extended with: the only list of features. */
@Module({ imports: [ParleyModule.register({ features: [] })] })
export class AppModule {}
