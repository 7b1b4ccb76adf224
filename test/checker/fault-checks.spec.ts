import { describe, expect, it } from '@jest/globals';
import { checkFaults, type FaultRecord, type StoredEvent } from './index.js';

const room = 'garden';
const message = (clientId: string) => ({ senderId: 'ann', clientId, text: clientId });

/** Ann says three things; eve joins at 3, is removed at 6. */
const LOG: readonly StoredEvent[] = [
  { room, seq: 1, type: 'member.joined', userId: 'ann' },
  { room, seq: 2, type: 'message', message: message('one') },
  { room, seq: 3, type: 'member.joined', userId: 'eve' },
  { room, seq: 4, type: 'message', message: message('two') },
  { room, seq: 5, type: 'message', message: message('three') },
  { room, seq: 6, type: 'member.left', userId: 'eve' },
];

type Untimed = FaultRecord extends infer Each ? (Each extends FaultRecord ? Omit<Each, 't'> : never) : never;

const attach = (user: string, number = 1): Untimed => ({
  kind: 'attach',
  connection: `${user}/${number}`,
  client: user,
  user,
  node: 'node-1',
});
const detach = (user: string, number = 1): Untimed => ({
  kind: 'detach',
  connection: `${user}/${number}`,
  code: 1006,
  reason: '',
});
const event = (user: string, seq: number, number = 1): Untimed => ({
  kind: 'event',
  connection: `${user}/${number}`,
  room,
  seq,
});
const pushed = (kind: 'added' | 'removed' | 'ephemeral', user: string, seq = 0): Untimed => ({
  kind,
  connection: `${user}/1`,
  room,
  seq,
});
const synced = (user: string, number: number, after: number | null, seqs: number[]): Untimed => ({
  kind: 'synced',
  connection: `${user}/${number}`,
  room,
  after,
  seqs,
});
const invoke = (clientId: string, attempt: string, connection = 'ann/1'): Untimed => ({
  kind: 'invoke',
  attempt,
  connection,
  user: 'ann',
  room,
  clientId,
  text: clientId,
});
const ok = (attempt: string, seq: number): Untimed => ({ kind: 'ok', attempt, seq, isDuplicate: false });
const presence = (user: string, status: string): Untimed => ({
  kind: 'presence',
  connection: 'ann/1',
  user,
  status,
});

const SENT = ['one', 'two', 'three'].flatMap((name, index) => [
  invoke(name, name),
  ok(name, [2, 4, 5][index] ?? 0),
]);
const ANN = [attach('ann'), synced('ann', 1, null, [1]), ...[2, 3, 4, 5, 6].map((seq) => event('ann', seq))];
const EVE = [
  attach('eve'),
  pushed('added', 'eve', 3),
  ...[3, 4, 5, 6].map((seq) => event('eve', seq)),
  pushed('removed', 'eve'),
];

function checksOf(records: readonly Untimed[], log = LOG): string[] {
  const timed = records.map((record, t) => ({ ...record, t }) as FaultRecord);
  const breaches = checkFaults({ records: timed, logs: new Map([[room, log]]) });
  return [...new Set(breaches.map(({ check }) => check))].toSorted();
}

const numbered = (log: readonly StoredEvent[]): StoredEvent[] =>
  log.map((each, index) => ({ ...each, seq: index + 1 }));

describe('a history of a cluster', () => {
  it('is clean when all went well', () => expect(checksOf([...SENT, ...ANN, ...EVE])).toEqual([]));

  it('is clean when a device was cut off and has caught up', () => {
    const again = [attach('ann', 2), event('ann', 6, 2), synced('ann', 2, 3, [4, 5, 6])];
    expect(checksOf([...SENT, ...ANN.slice(0, 4), detach('ann'), ...again])).toEqual([]);
  });

  it('is clean when one was removed who had not caught up, and is told that the room is gone', () => {
    const before = [attach('eve'), pushed('added', 'eve', 3), event('eve', 3), detach('eve')];
    const removed: Untimed = { kind: 'removed', connection: 'eve/2', room, seq: 0 };
    const gone: Untimed = { kind: 'gone', connection: 'eve/2', room };
    const after = [attach('eve', 2), event('eve', 6, 2), removed];
    expect(checksOf([...SENT, ...before, ...after, gone])).toEqual([]);
    expect(checksOf([...SENT, ...before, attach('eve', 2), gone, event('eve', 6, 2), removed])).toEqual([]);
    expect(checksOf([...SENT, ...before, ...after])).toEqual(['C4']);
  });

  it('lets a message be stored or not of which nobody knows', () => {
    const unknown: Untimed = { kind: 'info', attempt: 'four', code: 'closed 1006' };
    expect(checksOf([...SENT, invoke('four', 'four'), unknown])).toEqual([]);
  });
});

describe('C1, acknowledged and stored once', () => {
  it('is broken when an acknowledged message is not there', () =>
    expect(checksOf(SENT, numbered(LOG.toSpliced(4, 1)))).toContain('C1'));

  it('is broken when it is there twice', () =>
    expect(checksOf(SENT, numbered([...LOG, { ...LOG[1], room, seq: 7, type: 'message' }]))).toEqual(['C1']));

  it('is broken when it is there with another text', () => {
    const other = { senderId: 'ann', clientId: 'one', text: 'another' };
    expect(checksOf(SENT, LOG.toSpliced(1, 1, { room, seq: 2, type: 'message', message: other }))).toEqual([
      'C1',
    ]);
  });
});

describe('C2, nothing invented', () => {
  it('is broken by a message that nobody sent', () => expect(checksOf(SENT.slice(2))).toEqual(['C2']));

  it('is broken by one that was refused', () =>
    expect(
      checksOf([
        invoke('one', 'one'),
        { kind: 'fail', attempt: 'one', code: 'UNAVAILABLE' },
        ...SENT.slice(2),
      ]),
    ).toEqual(['C2']));
});

describe('C3, one place', () => {
  it('is broken when a repetition is acknowledged at another place', () =>
    expect(checksOf([...SENT, invoke('one', 'again', 'ann/2'), ok('again', 4)])).toContain('C3'));
});

describe('C4, order and completeness', () => {
  it.each<[string, readonly Untimed[]]>([
    ['an event is missing', ANN.toSpliced(4, 1)],
    ['the last event is missing', ANN.slice(0, -1)],
    ['an event comes twice', [...ANN, event('ann', 6)]],
    [
      'a resumption leaves something out',
      [...ANN.slice(0, 4), detach('ann'), attach('ann', 2), synced('ann', 2, 3, [5, 6])],
    ],
  ])('is broken when %s', (_, records) => expect(checksOf([...SENT, ...records])).toEqual(['C4']));

  it('is broken by a gap in the log itself', () =>
    expect(
      checksOf(
        SENT,
        LOG.map((each) => (each.seq < 6 ? each : { ...each, seq: 7 })),
      ),
    ).toEqual(['C4']));
});

describe('C5, real time', () => {
  it('is broken when what was begun after an answer stands before it', () => {
    const [one, , two, , three] = [...SENT];
    const records = [two, ok('two', 4), one, ok('one', 2), three, ok('three', 5)] as Untimed[];
    expect(checksOf(records)).toEqual(['C5']);
  });
});

describe('C6, authorization', () => {
  it.each<[string, readonly Untimed[]]>([
    ['an event comes after the removal', [...EVE, event('eve', 7)]],
    ['an event comes from before the joining', [attach('eve'), event('eve', 2)]],
    ['somebody types, and one who was removed hears of it', [...EVE, pushed('ephemeral', 'eve')]],
    ['a resumption gives what is not theirs', [...EVE, synced('eve', 1, 6, [7])]],
  ])('is broken when %s', (_, records) => {
    const more = { senderId: 'ann', clientId: 'four', text: 'four' };
    const log = [...LOG, { room, seq: 7, type: 'message', message: more }];
    expect(checksOf([...SENT, invoke('four', 'four'), ok('four', 7), ...records], log)).toContain('C6');
  });
});

describe('C7, presence', () => {
  it('is clean when an observer sees who is there', () =>
    expect(
      checksOf([...SENT, ...ANN, ...EVE, presence('eve', 'online'), presence('bob', 'offline')]),
    ).toEqual([]));

  it('is broken when one who is gone is online', () =>
    expect(checksOf([...SENT, ...ANN, ...EVE, presence('eve', 'online'), detach('eve')])).toEqual(['C7']));

  it('is broken when one who is there is offline', () =>
    expect(checksOf([...SENT, ...ANN, ...EVE, presence('eve', 'offline')])).toEqual(['C7']));
});

describe('C9, told in time', () => {
  const stop = (kind: 'stop' | 'stopped'): Untimed => ({ kind, name: 'node-1' });
  const farewell = (code: number, reason: string): Untimed => ({
    kind: 'detach',
    connection: 'eve/1',
    code,
    reason,
  });
  const stopping = (...ends: readonly Untimed[]): readonly Untimed[] => [
    ...SENT,
    ...EVE,
    stop('stop'),
    ...ends,
    stop('stopped'),
  ];

  it('is clean when a node that ends tells its clients when to come back', () =>
    expect(checksOf(stopping(farewell(1012, 'retry-after-ms=250')))).toEqual([]));

  it.each([
    ['it just cuts one off', stopping(farewell(1006, ''))],
    ['it does not say when to come back', stopping(farewell(1012, ''))],
    ['one is cut off when it has ended', [...stopping(), farewell(1006, '')]],
  ])('is broken when %s', (_, records) => expect(checksOf(records)).toEqual(['C9']));

  it('lets a node that is killed say nothing', () =>
    expect(checksOf([...SENT, ...EVE, farewell(1006, '')])).toEqual([]));

  describe('while a server hangs', () => {
    const invoked = { ...invoke('four', 'four'), t: 200 } as FaultRecord;
    const refused = (t: number): FaultRecord => ({ t, kind: 'fail', attempt: 'four', code: 'UNAVAILABLE' });
    const hung = (...records: readonly FaultRecord[]): string[] => {
      const nemesis: FaultRecord[] = [
        { t: 100, kind: 'hang', name: '' },
        { t: 9_000, kind: 'resumed', name: '' },
      ];
      const sorted = [...nemesis, invoked, ...records].toSorted((one, other) => one.t - other.t);
      return checkFaults({ records: sorted, logs: new Map() }).map(({ check }) => check);
    };

    it('is clean when a send is refused within 3 s', () => expect(hung(refused(3_100))).toEqual([]));

    it('is broken when it is refused later', () => expect(hung(refused(3_300))).toEqual(['C9']));

    it('is broken when nothing comes', () => expect(hung()).toEqual(['C9']));

    it('counts from when the requests before it on its connection were answered', () => {
      const other = (connection: string, askedT: number): FaultRecord => ({
        t: 2_600,
        kind: 'answered',
        connection,
        askedT,
      });
      expect(hung(other('ann/1', 150), refused(5_300))).toEqual([]);
      expect(hung(other('ann/1', 250), refused(5_300))).toEqual(['C9']);
      expect(hung(other('eve/1', 150), refused(5_300))).toEqual(['C9']);
    });
  });
});
