export * from './errors.js';
export * from './start.js';
