import { IsIn, ValidateBy } from 'class-validator';
import { IsLimit, IsText, Optional } from '../frames/index.js';

const MAX_EVENTS_OF_A_ROOM = 200;
/** A frame of 64 KiB has no space for more. */
const MAX_NAMED_ROOMS = 5000;
const MAX_ID = 64;
/** A cursor names the rooms that were active in the seconds before the first page. */
const MAX_CURSOR = 60_000;

/** `room.sync` */
export class SyncFrame {
  @Optional()
  @IsText({ min: 1, max: MAX_ID })
  epoch?: string;

  @Optional()
  @IsSeqByRoom()
  rooms?: Record<string, number>;

  @Optional()
  @IsIn(['none'])
  rest?: 'none';

  @Optional()
  @IsText({ min: 1, max: 2 * MAX_ID })
  since?: string;

  @Optional()
  @IsLimit(MAX_EVENTS_OF_A_ROOM)
  limit?: number;

  @Optional()
  @IsText({ min: 1, max: MAX_CURSOR })
  cursor?: string;
}

function IsSeqByRoom(): PropertyDecorator {
  return ValidateBy({
    name: 'isSeqByRoom',
    validator: {
      validate: isSeqByRoom,
      defaultMessage: () =>
        `must be an object of at most ${MAX_NAMED_ROOMS} room ids, each with an integer from 0`,
    },
  });
}

function isSeqByRoom(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const entries = Object.entries(value);
  return (
    entries.length <= MAX_NAMED_ROOMS &&
    entries.every(([id, seq]) => id.length <= MAX_ID && Number.isSafeInteger(seq) && Number(seq) >= 0)
  );
}
