export { enhanced, type GeminiFault } from './answer.js';
export * from './errors.js';
export * from './start.js';
