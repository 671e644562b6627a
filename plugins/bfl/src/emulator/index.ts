export { emulatedKey, startBflEmulator } from './emulator.js';
