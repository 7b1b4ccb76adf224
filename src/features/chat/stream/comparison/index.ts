export { LogComparison } from './log-comparison.js';
export { MembershipComparison } from './membership-comparison.js';
