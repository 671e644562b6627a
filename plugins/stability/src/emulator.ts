import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { emulatedKey, StabilityEmulator } from './emulator/index.js';

/** `easel emulate stability`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await StabilityEmulator.start({ port });
    const { url } = emulator;
    return {
      url,
      secrets: { STABILITY_API_KEY: emulatedKey },
      options: { baseUrl: `${url}/v2beta` },
      get paid() {
        return emulator.paid;
      },
      close: () => emulator.close(),
    };
  },
});
