export { IsClientId, IsId, IsLimit, IsMeta, IsSeq, IsText, Optional } from './rules.decorator.js';
