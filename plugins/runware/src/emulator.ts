import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { runwareKey, startRunwareEmulator } from './emulator/index.js';

/** `easel emulate runware`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await startRunwareEmulator({ port });
    const { url, httpUrl } = emulator;
    return {
      url,
      secrets: { RUNWARE_API_KEY: runwareKey },
      options: { webSocketUrl: url, httpUrl },
      get paid() {
        return emulator.paid;
      },
      close: async () => await emulator.close(),
    };
  },
});
