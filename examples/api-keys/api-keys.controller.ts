import { Body, Controller, Delete, HttpCode, Param, Post, UseGuards, UsePipes } from '@nestjs/common';
import { AccessTokenGuard, Caller, FrameValidationPipe, IsText, type UserActor } from 'parley';
import { ApiKeysService } from './api-keys.service.js';

class KeyBody {
  @IsText({ min: 1, max: 64 }) name!: string;
}

@Controller('api-keys')
@UseGuards(AccessTokenGuard)
@UsePipes(FrameValidationPipe)
export class ApiKeysController {
  constructor(private readonly keys: ApiKeysService) {}

  @Post()
  async issue(@Caller() actor: UserActor, @Body() { name }: KeyBody) {
    return await this.keys.issue(actor, name);
  }

  @Delete(':id')
  @HttpCode(204)
  async revoke(@Caller() actor: UserActor, @Param('id') id: string): Promise<void> {
    await this.keys.revoke(actor, id);
  }
}
