export type { BatchCourse } from './batch.js';
export * from './errors.js';
export type { BatchLine } from './lines.js';
export * from './start.js';
