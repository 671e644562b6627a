/**
 * For stand-ins of providers: a server that can be told what goes wrong, and pictures that show a mix-up.
 * `easel emulate <plugin>` runs the default export of the plugin's `emulator.js`.
 *
 * @module
 */
export * from './emulator.js';
export * from './http-emulator.js';
export * from './openai-batches/index.js';
export * from './picture.js';
export * from './task-emulator.js';
