/** The advisory lock that appends share and that a change of the consumers has alone: 'prlo'. */
export const OUTBOX_LOCK = 0x70_72_6c_6f;
