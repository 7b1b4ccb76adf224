import { IsText, Optional } from '../../../realtime/index.js';
import { IsLimit } from './rules.decorator.js';

const MAX_PAGE = 100;
const MAX_CURSOR = 500;

/** What asks for one page of a list. */
export class PageFrame {
  @Optional()
  @IsText({ min: 1, max: MAX_CURSOR })
  cursor?: string;

  @Optional()
  @IsLimit(MAX_PAGE)
  limit?: number;
}
