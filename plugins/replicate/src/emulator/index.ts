export { emulatedKey, startReplicateEmulator } from './emulator.js';
