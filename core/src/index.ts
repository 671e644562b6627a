export { type Configuration, type ConfigurationInput, configurationSchema } from './config/configuration.js';
export type { KernelOptions } from './kernel/container.js';
export {
  createImageServiceManager,
  getImageServiceManager,
  type ImageServiceManager,
} from './kernel/image-service-manager.js';
export type { GenerateOptions } from './kernel/routing/dispatch.js';
export type { ExplainedCandidate } from './kernel/routing/explain.js';
export type { AvailableModel } from './models/available-models.js';
export type { PluginHealth, Problem, ServiceHealth } from './observe/health.js';
export { embedProvenance } from './results/embed-provenance.js';
export type { Attempt, ImageResult, Provenance, UsedParameters } from './results/image-result.js';
export { type ReadProvenance, readProvenance } from './results/read-provenance.js';
export { type SavedImage, type SavedImages, type SaveOptions, saveImages } from './results/save-images.js';
