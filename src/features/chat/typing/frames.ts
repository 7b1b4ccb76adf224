import { IsBoolean } from 'class-validator';
import { IsId } from '../frames/index.js';

/** `room.typing` */
export class TypingFrame {
  @IsId()
  roomId!: string;

  @IsBoolean()
  active!: boolean;
}
