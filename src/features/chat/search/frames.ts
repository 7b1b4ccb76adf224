import { IsId, IsLimit, IsText, Optional } from '../frames/index.js';

const MAX_PAGE = 100;
const MAX_CURSOR = 500;

/** `message.search` */
export class SearchFrame {
  @IsText({ min: 1, max: 200, hasLines: true })
  query!: string;

  @Optional()
  @IsId()
  roomId?: string;

  @Optional()
  @IsId()
  senderId?: string;

  @Optional()
  @IsText({ min: 1, max: MAX_CURSOR })
  cursor?: string;

  @Optional()
  @IsLimit(MAX_PAGE)
  limit?: number;
}
