import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { type Note, notesMigrations, store as notesStore } from './contract/notes.store.js';
import { Database } from './database.js';
import { InjectStore } from './inject-store.decorator.js';
import { StorageModule } from './storage.module.js';
import type { Store } from './store.js';

@Injectable()
class Notebook implements OnModuleInit, OnApplicationShutdown {
  found: Note[] = [];

  constructor(@InjectStore(notesStore) private readonly notes: Store<typeof notesStore>) {}

  async onModuleInit(): Promise<void> {
    this.found = await this.notes.all();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.notes.append();
  }
}

@Module({
  imports: [StorageModule.forFeature({ migrations: notesMigrations, stores: [notesStore] })],
  providers: [Notebook],
})
class NotesModule {}

describe('StorageModule', () => {
  let dataDir: string;

  beforeEach(async () => (dataDir = await mkdtemp(join(tmpdir(), 'parley-'))));
  afterEach(async () => rm(dataDir, { recursive: true }));

  async function started(): Promise<TestingModule> {
    const root = StorageModule.forRootAsync({
      useFactory: () => ({ dataDir, databaseUrl: null, durability: 'process', isAlone: true }),
    });
    const module = await Test.createTestingModule({ imports: [NotesModule, root] }).compile();
    return module.init();
  }

  it('is open in the start and the shutdown hooks of features', async () => {
    const first = await started();
    expect(first.get(Notebook).found).toEqual([]);
    await first.close();
    const second = await started();
    expect(second.get(Notebook).found).toEqual([{ id: 1, body: null }]);
    await second.close();
  });

  it('closes the database with the application', async () => {
    const module = await started();
    const database = module.get(Database);
    await database.ping();
    await module.close();
    await expect(database.ping()).rejects.toMatchObject({ outcome: 'not-stored' });
  });
});
