/** A test sends as fast as it can. */
export const UNLIMITED_FRAMES = { RATE_FRAMES_PER_S: '0', RATE_SENDS_PER_S: '0' };

/** All users of a test are behind one address. */
export const UNLIMITED_RATES = { ...UNLIMITED_FRAMES, RATE_UPGRADES_PER_S: '0', RATE_LOGINS_PER_MIN: '0' };
