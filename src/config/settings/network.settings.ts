import { setting } from '../setting.js';
import { addressBlocks, baseUrl, oneOf, origins, text, wholeNumber } from '../value-kinds.js';

const LARGEST_PORT = 65_535;

/** Where the service listens, and whom it believes. */
export const NETWORK_SETTINGS = {
  PORT: setting(wholeNumber(0, LARGEST_PORT), {
    fallback: 3000,
    unit: 'port',
    meaning: 'the listener; 0 takes any free port',
  }),
  HOST: setting(text('an address or host name of this machine'), {
    fallback: '0.0.0.0',
    meaning: 'the address that the listener binds to',
  }),
  TLS_CERT_FILE: setting(text('a file'), {
    fallback: null,
    meaning: 'certificate for https and wss, in PEM, its chain after it; read again on SIGHUP',
  }),
  TLS_KEY_FILE: setting(text('a file'), {
    fallback: null,
    meaning: 'private key for https and wss, in PEM, without a passphrase; read again on SIGHUP',
  }),
  NODE_ENV: setting(text('a word'), {
    fallback: null,
    meaning:
      '`production` refuses plain `http` origins in `ALLOWED_ORIGINS`, `ADMIN_HOST` beyond loopback without `ADMIN_TOKEN`, and pretty logs',
  }),
  PUBLIC_URL: setting(baseUrl(), {
    fallback: null,
    meaning: "the service's own address behind a proxy: own origin, issuer, printed address",
  }),
  ALLOWED_ORIGINS: setting(origins(), {
    fallback: [],
    shownDefault: 'own host',
    meaning: 'origins of browser pages that may connect, beside the service’s own',
  }),
  TRUSTED_PROXIES: setting(addressBlocks(), {
    fallback: [],
    meaning: 'addresses whose `X-Forwarded-For` is believed, read from the right',
  }),
  ADMIN_HOST: setting(text('an address or host name of this machine'), {
    fallback: '127.0.0.1',
    meaning: 'the address that the admin listener binds to',
  }),
  ADMIN_PORT: setting(wholeNumber(0, LARGEST_PORT), {
    fallback: 9464,
    unit: 'port',
    meaning: 'the admin listener (metrics, suspension); 0 is off',
  }),
  ADMIN_TOKEN: setting(text('a secret, in production of at least 32 characters'), {
    fallback: null,
    meaning: 'the bearer token of the admin calls; without it they do not exist',
  }),
  COMPRESSION: setting(oneOf('on', 'off'), {
    fallback: 'off',
    meaning: 'permessage-deflate',
  }),
};
