import { Module } from '@nestjs/common';
import { NewLife } from './new-life.js';
import { OneRedis } from './one-redis.js';
import { OustedNode } from './ousted-node.js';

/** Keeps nodes apart that are not one cluster. */
@Module({ providers: [NewLife, OneRedis, OustedNode] })
export class ClusterModule {}
