import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IndexedText, IndexMatches, IndexQuery } from './search-index.js';
import { termsOf } from './terms.js';
import { wordsOf } from './words.js';

/** An index in a database of its own, whose rooms `r1`, `r2` have ann as a member, and `r3` has not. */
export interface IndexUnderTest {
  add(texts: readonly IndexedText[]): Promise<void>;
  change(texts: readonly (IndexedText & { before: string })[]): Promise<void>;
  remove(texts: readonly IndexedText[]): Promise<void>;
  find(query: IndexQuery): Promise<IndexMatches>;
  newest(): Promise<number>;
  /** Fails when the index is damaged. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** What every `SearchIndex` finds. */
export function itIsASearchIndex(name: string, open: () => Promise<IndexUnderTest>): void {
  describe(`the search index on ${name}`, () => {
    let index: IndexUnderTest;
    let lastSeq = 0;

    beforeAll(async () => {
      index = await open();
    });
    afterAll(async () => index.close());

    const message = (text: string, room_id = 'r1'): IndexedText => {
      lastSeq += 1;
      return { room_id, seq: lastSeq, text };
    };
    const look = async (query: string, values: Partial<IndexQuery> = {}): Promise<IndexMatches> =>
      index.find({
        userId: 'ann',
        roomId: null,
        terms: termsOf(query),
        before: Number.MAX_SAFE_INTEGER,
        from: 0,
        limit: 1000,
        ...values,
      });
    const seqs = async (query: string, values: Partial<IndexQuery> = {}): Promise<number[]> =>
      (await look(query, values)).places.map(({ seq }) => seq);
    const added = async (...texts: IndexedText[]): Promise<number[]> => {
      await index.add(texts);
      return texts.map(({ seq }) => seq);
    };

    it.each([
      ['Der Fluß fließt', 'FLUSS', 'flus'],
      ['Crème brûlée', 'creme brulee', 'cr'],
      ['Съешь ещё булок', 'ЕЩЕ', 'бул'],
      ['Η οδός Αθηνάς', 'ΟΔΟΣ', 'αθη'],
      ['שלום עולם', 'שָׁלוֹם', 'עול'],
      ['مرحبا بالعالم', 'مَرحَبا', 'بال'],
      ['नमस्ते दुनिया', 'नमस्ते', 'दुनि'],
      ['我们明天去北京大学', '北京', '大学'],
      ['吾輩は猫である', '猫', 'である'],
      ['학교에서 만나요', '학교', '만나'],
      ['ยินดีต้อนรับ', 'ต้อน', 'รับ'],
      ['ship it 🚀', '🚀', 'it 🚀'],
    ])('finds %j by %j and by %j', async (text, one, other) => {
      const [seq] = await added(message(text));
      expect(await seqs(one)).toContain(seq);
      expect(await seqs(other)).toContain(seq);
      await index.remove([{ room_id: 'r1', seq: seq ?? 0, text }]);
      expect(await seqs(one)).not.toContain(seq);
    });

    it('wants every term, whole words but for the last, and neighbours in scripts without spaces', async () => {
      const [both, one] = await added(message('alpha beta'), message('alpha gamma'));
      expect(await seqs('beta alpha')).toEqual([both]);
      expect(await seqs('alp')).toEqual([one, both]);
      expect(await seqs('alp beta')).toEqual([]);
      const [joined] = await added(message('東京都'), message('東京と京都'));
      expect(await seqs('東京都')).toEqual([joined]);
    });

    it('finds in the rooms of the user only', async () => {
      const [mine, other] = await added(message('quokka'), message('quokka', 'r2'), message('quokka', 'r3'));
      expect(await seqs('quokka')).toEqual([other, mine]);
      expect(await seqs('quokka', { roomId: 'r2' })).toEqual([other]);
      expect(await seqs('quokka', { roomId: 'r3' })).toEqual([]);
      expect(await seqs('quokka', { userId: 'eve' })).toEqual([]);
    });

    it('takes the number of a room for nothing that is said', async () => {
      const [one] = await added(message('1'));
      expect(await seqs('1', { roomId: 'r1' })).toEqual([one]);
      expect(await seqs('2', { roomId: 'r2' })).toEqual([]);
    });

    it('gives the newest first, in parts, and says where it stopped', async () => {
      const all = await added(...Array.from({ length: 5 }, () => message('wombat')));
      const first = await look('wombat', { limit: 2 });
      expect(first.places.map(({ seq }) => seq)).toEqual([all[4], all[3]]);
      expect(first.reached).toBe(first.places[1]?.position);
      const rest = await look('wombat', { limit: 4, before: first.reached ?? 0 });
      expect([rest.places.map(({ seq }) => seq), rest.reached]).toEqual([[all[2], all[1], all[0]], null]);
      expect(await seqs('wombat', { from: first.reached ?? 0 })).toEqual([all[4], all[3]]);
      expect(await index.newest()).toBe(first.places[0]?.position);
    });

    it('follows changes, and keeps the place of what is changed', async () => {
      const one = message('numbat');
      const other = message('');
      await index.add([one, other]);
      const { places } = await look('numbat');
      await index.change([
        { ...one, before: 'numbat', text: 'numbat two' },
        { ...other, before: '', text: 'numbat' },
      ]);
      expect(await seqs('numbat')).toEqual([other.seq, one.seq]);
      expect((await look('two')).places).toEqual(places);
      await index.change([{ ...one, before: 'numbat two', text: '' }]);
      expect(await seqs('numbat')).toEqual([other.seq]);
      await index.remove([
        { ...one, text: '' },
        { ...other, text: 'numbat' },
      ]);
      expect(await seqs('numbat')).toEqual([]);
      await index.check();
    });

    it('minds no change of what is not there', async () => {
      await index.change([{ room_id: 'nowhere', seq: 1, before: 'a', text: 'zorilla' }]);
      await index.remove([{ room_id: 'r1', seq: 1e6, text: 'a' }]);
      await index.add([]);
      expect(await seqs('zorilla')).toEqual([]);
      await index.check();
    });

    it('finds what a plain search finds, through many changes', async () => {
      const texts = new Map<number, string>();
      const vocabulary = Array.from({ length: 60 }, (_, index_) => `w${index_ * 7919}`);
      let state = 42;
      const below = (bound: number): number => {
        state = (state * 1103515245 + 12345) % 2147483648;
        return Math.floor((state / 2147483648) * bound);
      };
      const sentence = (): string =>
        Array.from({ length: 1 + below(8) }, () => vocabulary[below(vocabulary.length)]).join(' ');
      for (let round = 0; round < 60; round += 1) {
        const fresh = Array.from({ length: below(8) }, () => message(sentence(), 'r2'));
        await index.add(fresh);
        for (const { seq, text } of fresh) texts.set(seq, text);
        const [gone, edited] = [below(lastSeq), below(lastSeq)];
        const [goneText, before] = [texts.get(gone), texts.get(edited)];
        if (before !== undefined && edited !== gone) {
          const text = sentence();
          await index.change([{ room_id: 'r2', seq: edited, before, text }]);
          texts.set(edited, text);
        }
        if (goneText === undefined) continue;
        await index.remove([{ room_id: 'r2', seq: gone, text: goneText }]);
        texts.delete(gone);
      }
      await index.check();
      for (const word of vocabulary) {
        const expected = [...texts].filter(([, text]) =>
          wordsOf(text).some((own) => own.word.startsWith(word)),
        );
        expect((await seqs(word)).toSorted((one, other) => one - other)).toEqual(
          expected.map(([seq]) => seq),
        );
      }
    });
  });
}
