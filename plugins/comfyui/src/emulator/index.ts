export { ComfyEmulator, type ComfyEmulatorOptions } from './emulator.js';
