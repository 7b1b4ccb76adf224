import { IsId, IsSeq, IsText, Optional } from '../frames/index.js';

const MAX_CURSOR = 500;

/** `message.read` */
export class ReadFrame {
  @IsId()
  roomId!: string;

  @IsSeq()
  seq!: number;

  @Optional()
  @IsSeq()
  threadSeq?: number;
}

/** `message.receipts` */
export class ReceiptsFrame {
  @IsId()
  roomId!: string;

  @IsSeq()
  seq!: number;

  @Optional()
  @IsText({ min: 1, max: MAX_CURSOR })
  cursor?: string;
}
