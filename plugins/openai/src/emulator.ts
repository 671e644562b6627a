import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { emulatedKey, OpenAiEmulator } from './emulator/index.js';

/** `easel emulate openai`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await OpenAiEmulator.start({ port });
    const { url } = emulator;
    return {
      url,
      secrets: { OPENAI_API_KEY: emulatedKey },
      options: { servers: { openai: { like: 'openai', baseUrl: url } } },
      get paid() {
        return emulator.paid;
      },
      close: async () => await emulator.close(),
    };
  },
});
