import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock } from '../../../realtime/index.js';
import { InjectStore, type Store } from '../../../storage/index.js';
import { CHAT_SETTINGS, type ChatSettings } from '../chat.settings.js';
import { store as attachmentsStore } from './attachments.store.js';

const SECRET_BYTES = 32;
const LIFE_S = 300;
const SECONDS = /^[0-9]{1,12}$/;

/** An address that opens one attachment for one user without a credential, for a while. */
export interface SignedAddress {
  readonly url: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/**
 * Signs addresses for elements that can send no header, such as `<img>`. The address stands for its user: whether that
 * user may still have the attachment is asked again when it is opened.
 */
@Injectable()
export class AddressSigner implements OnModuleInit {
  #secret = '';

  constructor(
    @InjectStore(attachmentsStore) private readonly store: Store<typeof attachmentsStore>,
    @Inject(CHAT_SETTINGS) private readonly settings: ChatSettings,
    private readonly clock: Clock,
  ) {}

  async onModuleInit(): Promise<void> {
    this.#secret = await this.store.secret(randomBytes(SECRET_BYTES).toString('base64url'));
  }

  sign(attachmentId: string, userId: string): SignedAddress {
    const expires = String(Math.floor(this.clock.now() / 1000) + LIFE_S);
    const signature = this.signatureOf(attachmentId, userId, expires).toString('base64url');
    const query = new URLSearchParams({ user: userId, expires, signature });
    const { publicUrl } = this.settings.attachments;
    return { url: `${publicUrl ?? ''}/attachments/${attachmentId}?${query}`, expiresIn: LIFE_S };
  }

  /** The user whom the address stands for; undefined when it was not signed here, or has run out. */
  userOf(attachmentId: string, query: URLSearchParams): string | undefined {
    const [userId = '', expires = '', given = ''] = ['user', 'expires', 'signature'].map(
      (name) => query.get(name) ?? '',
    );
    const signature = Buffer.from(given, 'base64url');
    const expected = this.signatureOf(attachmentId, userId, expires);
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return undefined;
    const isAlive = SECONDS.test(expires) && Number(expires) * 1000 > this.clock.now();
    return isAlive ? userId : undefined;
  }

  private signatureOf(...parts: readonly [string, string, string]): Buffer {
    return createHmac('sha256', this.#secret).update(JSON.stringify(parts)).digest();
  }
}
