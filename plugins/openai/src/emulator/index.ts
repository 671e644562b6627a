export { type DialectName, dialects, emulatedKey } from './dialects.js';
export { OpenAiEmulator, type OpenAiEmulatorOptions } from './emulator.js';
export { errorAnswer, moderated, tooManyRequests } from './errors.js';
