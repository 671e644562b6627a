export * from './errors.js';
export type { Fields } from './rules.js';
export type { ClientFrame, MessageContext, RunwareFault, RunwareScript } from './script.js';
export { RunwareEmulator, type RunwareEmulatorOptions, runwareKey, startRunwareEmulator } from './start.js';
export { enhanced, prices } from './task-table.js';
