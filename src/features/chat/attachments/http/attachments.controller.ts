import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Header, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { Clock, CurrentPrincipal, type Principal } from '../../../../realtime/index.js';
import { AccessTokenGuard } from '../../../auth/index.js';
import type { AttachmentView } from '../../records/index.js';
import type { SignedAddress } from '../address-signer.js';
import { AttachmentsService } from '../attachments.service.js';
import { UploadsService } from '../uploads.service.js';
import { AttachmentReaderGuard, type ReaderRequest } from './attachment-reader.guard.js';
import { answerWithFile } from './file-answer.js';
import { receiveUpload } from './receive-upload.js';

/** How long a client may keep what a signed address gave it: no longer than such an address lives. */
const SIGNED_KEEP_S = 300;

@Controller('attachments')
export class AttachmentsController {
  constructor(
    private readonly uploads: UploadsService,
    private readonly attachments: AttachmentsService,
    private readonly clock: Clock,
  ) {}

  @Post()
  @UseGuards(AccessTokenGuard)
  @Header('Cache-Control', 'no-store')
  async upload(
    @CurrentPrincipal() { userId }: Principal,
    @Req() request: IncomingMessage,
  ): Promise<{ attachment: AttachmentView }> {
    const upload = this.uploads.begin(userId);
    const { maxBytes } = this.uploads;
    return { attachment: await receiveUpload({ request, upload, maxBytes, clock: this.clock }) };
  }

  @Get(':id')
  @UseGuards(AttachmentReaderGuard)
  async download(
    @Param('id') id: string,
    @Req() request: ReaderRequest,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const attachment = await this.attachments.find(request.readerId ?? '', id);
    await answerWithFile(request, response, {
      attachment,
      keepS: request.isSigned === true ? SIGNED_KEEP_S : 0,
      open: async (range) => this.attachments.open(id, range),
    });
  }

  @Post(':id/url')
  @UseGuards(AccessTokenGuard)
  @Header('Cache-Control', 'no-store')
  async sign(@CurrentPrincipal() { userId }: Principal, @Param('id') id: string): Promise<SignedAddress> {
    return await this.attachments.sign(userId, id);
  }
}
