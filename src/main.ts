import 'reflect-metadata';
import { AppModule } from './app.module.js';
import { startParley } from './start-parley.js';

await startParley(AppModule);
