import { IsId, IsText, Optional, PageFrame } from '../frames/index.js';

/** `message.search` */
export class SearchFrame extends PageFrame {
  @IsText({ min: 1, max: 200, hasLines: true })
  query!: string;

  @Optional()
  @IsId()
  roomId?: string;

  @Optional()
  @IsId()
  senderId?: string;
}
