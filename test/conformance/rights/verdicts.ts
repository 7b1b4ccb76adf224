/** Who asks, in the order of the columns. */
export const RANKS = ['owner', 'admin', 'member', 'silenced', 'exMember', 'banned', 'stranger'] as const;
/** One of the two, the one whom the other has blocked, and a third. */
export const PEERS = ['peer', 'blocked', 'stranger'] as const;

export type Rank = (typeof RANKS)[number] | (typeof PEERS)[number];

/** What a room is, as far as rights go. */
export const SETTINGS = ['group', 'channel', 'archivedGroup', 'archivedChannel', 'direct'] as const;
export type Setting = (typeof SETTINGS)[number];

/** What a request is told: `ok`, or its code. */
export type Verdict = 'ok' | 'FORBIDDEN' | 'NOT_FOUND';

const WORDS: Readonly<Record<string, Verdict>> = { ok: 'ok', no: 'FORBIDDEN', '--': 'NOT_FOUND' };

/** The ranks of a setting. */
export function ranksIn(setting: Setting): readonly Rank[] {
  return setting === 'direct' ? PEERS : RANKS;
}

/** A row's columns: in each setting a word for each rank, where `no` is `FORBIDDEN` and `--` is `NOT_FOUND`. */
export type Columns = Readonly<Record<Setting, string>>;

/** What the ranks of a setting should be told. */
export function expectedIn(columns: Columns, setting: Setting): Record<string, Verdict> {
  const words = columns[setting].split(' ');
  return Object.fromEntries(
    ranksIn(setting).map((rank, index) => [rank, verdictOf(words[index] ?? '')] as const),
  );
}

function verdictOf(word: string): Verdict {
  const verdict = WORDS[word];
  if (verdict === undefined) throw new Error(`${word} is no verdict`);
  return verdict;
}

/** Of members, whatever has become of the room; a channel's too. */
export const READ: Columns = {
  group: 'ok ok ok ok -- -- --',
  channel: 'ok ok ok ok -- -- --',
  archivedGroup: 'ok ok ok ok -- -- --',
  archivedChannel: 'ok ok ok ok -- -- --',
  direct: 'ok ok --',
};

const FROZEN = { archivedGroup: 'no no no no -- -- --', archivedChannel: 'no no no no no no no' };

/** A write of members. */
export const WRITE: Columns = {
  ...FROZEN,
  group: 'ok ok ok ok -- -- --',
  channel: 'ok ok ok ok no no no',
  direct: 'ok ok --',
};

/** A write of members who may say something. */
export const SAY: Columns = {
  ...FROZEN,
  group: 'ok ok ok no -- -- --',
  channel: 'ok ok ok no no no no',
  direct: 'ok no --',
};

/** A write of admins. */
export const RUN: Columns = {
  ...FROZEN,
  group: 'ok ok no no -- -- --',
  channel: 'ok ok no no no no no',
  direct: 'no no --',
};

/** A write of the owner. */
export const OWN: Columns = {
  ...FROZEN,
  group: 'ok no no no -- -- --',
  channel: 'ok no no no no no no',
  direct: 'no no --',
};

/** What nobody of them may do. */
export const NEVER: Columns = {
  ...FROZEN,
  group: 'no no no no -- -- --',
  channel: 'no no no no no no no',
  direct: 'no no --',
};
