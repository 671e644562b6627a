/**
 * What `easel doctor` runs, in a process of its own.
 *
 * @module
 */
export { reportDevices as default } from './session/self-test-report.js';
