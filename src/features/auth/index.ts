export type { User } from './accounts/user.js';
export { Users } from './accounts/users.js';
export { type BlockListener, type BlockPair, Blocks } from './blocks/blocks.js';
export { AuthModule } from './auth.module.js';
export { AUTH_SETTINGS, type AuthSettings, type ForeignIssuer } from './auth.settings.js';
export { Authenticates } from './credentials/authenticates.decorator.js';
export { Sessions, type SessionTerms } from './credentials/sessions.js';
export { AccessTokenGuard } from './http/access-token.guard.js';
export { UserChanges, type UserListener } from './profiles/user-changes.js';
