export { emulatedKey, startFalEmulator } from './emulator.js';
