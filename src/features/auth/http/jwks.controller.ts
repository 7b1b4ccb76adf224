import { Controller, Get, Header } from '@nestjs/common';
import { KeyRing } from '../keys/key-ring.js';
import type { PublicJwk } from '../keys/signing-jwk.js';

@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: KeyRing) {}

  @Get('jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  published(): { keys: readonly PublicJwk[] } {
    return { keys: this.keys.published };
  }
}
