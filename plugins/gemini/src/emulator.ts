import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { geminiKey, startGeminiEmulator } from './emulator/index.js';

/** `easel emulate gemini`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await startGeminiEmulator({ port });
    const { url } = emulator;
    return {
      url,
      secrets: { GEMINI_API_KEY: geminiKey },
      options: { baseUrl: url },
      get paid() {
        return emulator.paid;
      },
      close: async () => await emulator.close(),
    };
  },
});
