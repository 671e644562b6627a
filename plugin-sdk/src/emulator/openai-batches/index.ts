export { type BatchCourse, EmulatedBatch } from './batch.js';
export { BatchApi } from './batch-api.js';
export * from './errors.js';
export { readForm } from './files.js';
export type { BatchLine, LineRules } from './lines.js';
