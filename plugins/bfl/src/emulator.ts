import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { emulatedKey, startBflEmulator } from './emulator/index.js';

/** `easel emulate bfl`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await startBflEmulator({ port });
    const { url } = emulator;
    return {
      url,
      secrets: { BFL_API_KEY: emulatedKey },
      options: { baseUrl: `${url}/v1`, allowPrivateAddresses: true },
      get paid() {
        return emulator.paid;
      },
      close: async () => await emulator.close(),
    };
  },
});
