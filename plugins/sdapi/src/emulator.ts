import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { SdapiEmulator } from './emulator/index.js';

/** `easel emulate sdapi`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await SdapiEmulator.start({ port });
    const { url } = emulator;
    // Nobody pays a server of one's own.
    return { url, secrets: {}, options: { baseUrl: url }, paid: 0, close: () => emulator.close() };
  },
});
