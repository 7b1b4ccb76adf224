export { decodeCursor, encodeCursor } from './cursor.js';
export { IsClientId, IsId, IsLimit, IsMeta, IsSeq, IsText, Optional } from './rules.decorator.js';
