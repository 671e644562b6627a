import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { parasailKey, startParasailEmulator } from './emulator/index.js';

/** `easel emulate parasail`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await startParasailEmulator({ port });
    const { url } = emulator;
    return {
      url,
      secrets: { PARASAIL_API_KEY: parasailKey },
      options: { baseUrl: url },
      get paid() {
        return emulator.paid;
      },
      close: async () => await emulator.close(),
    };
  },
});
