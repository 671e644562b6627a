import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { emulatedKey, startFalEmulator } from './emulator/index.js';

/** `easel emulate fal`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await startFalEmulator({ port });
    const { url } = emulator;
    return {
      url,
      secrets: { FAL_KEY: emulatedKey },
      options: {
        baseUrl: url,
        webhookKeysUrl: `${url}/.well-known/jwks.json`,
        allowPrivateAddresses: true,
      },
      get paid() {
        return emulator.paid;
      },
      close: async () => await emulator.close(),
    };
  },
});
