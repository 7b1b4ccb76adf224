/**
 * What comes next after a subscriber's position is gone for good. The connection is closed with 1013, because nothing may
 * be skipped without a word: its client comes back and is told what it missed.
 */
export class LostPosition extends Error {
  override readonly name = 'LostPosition';

  constructor(topic: string, position: number) {
    super(`topic ${topic}: what came after ${position} is gone`);
  }
}
