import 'reflect-metadata';
import { startParley } from 'parley';
import { AppModule } from './app.module.js';

await startParley(AppModule);
