import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { emulatedKey, startReplicateEmulator } from './emulator/index.js';

/** `easel emulate replicate`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await startReplicateEmulator({ port });
    const { url } = emulator;
    return {
      url,
      secrets: { REPLICATE_API_TOKEN: emulatedKey },
      options: { baseUrl: `${url}/v1`, allowPrivateAddresses: true },
      get paid() {
        return emulator.paid;
      },
      close: async () => await emulator.close(),
    };
  },
});
