/** Every code that a client can meet in a failure frame or a problem document, with its HTTP status. */
export const ERROR_STATUS = {
  BAD_FRAME: 400,
  BAD_HANDSHAKE: 400,
  UNKNOWN_SUBPROTOCOL: 400,
  VALIDATION_FAILED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ORIGIN_NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  UNKNOWN_EVENT: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNKNOWN: 503,
  UNAVAILABLE: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;
