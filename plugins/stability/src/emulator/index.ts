export {
  emulatedKey,
  problem,
  readForm,
  StabilityEmulator,
  type StabilityEmulatorOptions,
} from './emulator.js';
