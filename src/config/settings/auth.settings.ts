import { setting } from '../setting.js';
import { keysUrl, oneOf, text, url, wholeNumber } from '../value-kinds.js';

const LONGEST_TTL_S = 315_360_000;

/** Accounts, tokens and who can be found. */
export const AUTH_SETTINGS = {
  SIGNING_KEYS_FILE: setting(text('a file'), {
    fallback: null,
    meaning: 'a JWK set instead of keys in the database: the first signs, all verify; reread on SIGHUP',
  }),
  REGISTRATION: setting(oneOf('open', 'closed'), {
    fallback: 'open',
    meaning: 'whether anyone may register; `closed` answers 403',
  }),
  AUTH_ISSUER: setting(url('https', 'http'), {
    fallback: null,
    meaning: 'issuer whose tokens are accepted; users are matched by issuer and subject only',
  }),
  AUTH_JWKS_URL: setting(keysUrl(), {
    fallback: null,
    meaning: "the issuer's public keys; plain http is for development and for loopback",
  }),
  AUTH_AUDIENCE: setting(text('an audience'), {
    fallback: null,
    meaning: "the audience that the issuer's tokens must name",
  }),
  AUTH_USERNAME_CLAIM: setting(text("a claim's name"), {
    fallback: 'preferred_username',
    meaning: "the claim that becomes the user's name; a taken one gets a suffix",
  }),
  AUTH_NAME_CLAIM: setting(text("a claim's name"), {
    fallback: 'name',
    meaning: "the claim that the user's display name follows",
  }),
  ACCESS_TOKEN_TTL: setting(wholeNumber(1, LONGEST_TTL_S), {
    fallback: 900,
    unit: 'seconds',
    meaning: 'life of an access token',
  }),
  REFRESH_TOKEN_TTL: setting(wholeNumber(1, LONGEST_TTL_S), {
    fallback: 2_592_000,
    unit: 'seconds',
    meaning: 'life of a refresh token',
  }),
  USER_DIRECTORY: setting(oneOf('open', 'exact'), {
    fallback: 'open',
    meaning: '`exact`: users are found by their exact name only',
  }),
};
