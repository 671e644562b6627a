import { defineEmulator } from '@easel/plugin-sdk/emulator';
import { ComfyEmulator } from './emulator/index.js';

/** `easel emulate comfyui`. */
export default defineEmulator({
  async start({ port }) {
    const emulator = await ComfyEmulator.start({ port });
    const { url } = emulator;
    // Nobody pays a server of one's own.
    return { url, secrets: {}, options: { baseUrl: url }, paid: 0, close: () => emulator.close() };
  },
});
