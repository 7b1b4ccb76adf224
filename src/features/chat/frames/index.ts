export { PageFrame } from './page.frame.js';
export { IsClientId, IsId, IsLimit, IsMeta, IsSeq, IsText, Optional } from './rules.decorator.js';
export { isText } from './text.js';
