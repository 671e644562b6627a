export { enhanced, type GeminiFault } from './answer.js';
export type { BatchCourse } from './batch.js';
export * from './errors.js';
export * from './start.js';
