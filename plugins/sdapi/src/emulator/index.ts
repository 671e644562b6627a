export { emulatedAuth, SdapiEmulator, type SdapiEmulatorOptions } from './emulator.js';
