export { IsId, IsText, isText, Optional } from '../../../realtime/index.js';
export { PageFrame } from './page.frame.js';
export { IsClientId, IsLimit, IsMeta, IsSeq } from './rules.decorator.js';
