export { emulatedKey, emulatedSecret, startReplicateEmulator } from './emulator.js';
