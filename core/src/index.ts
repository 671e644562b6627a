import './own-files.js';

export { type Configuration, type ConfigurationInput, configurationSchema } from './config/configuration.js';
export type { KernelOptions } from './kernel/container.js';
export { createImageServiceManager } from './kernel/create-image-service-manager.js';
export type {
  AttemptEvent,
  CircuitEvent,
  KernelEventName,
  KernelEvents,
  KernelListener,
  PluginEvent,
  PluginLogEvent,
  PluginStateEvent,
} from './kernel/events.js';
export type { ImageServiceManager } from './kernel/image-service-manager.js';
export type { ExplainedCandidate, PlannedCall } from './kernel/routing/explain.js';
export type { AskedPlugin, FixedChoices } from './kernel/routing/fixed-request.js';
export type { GenerateOptions } from './kernel/routing/generate-options.js';
export type { RequestIdentity } from './kernel/routing/identity.js';
export { getImageServiceManager } from './kernel/shared-manager.js';
export type { AvailableModel } from './models/available-models.js';
export { type CreateLoggerOptions, createLogger, fromPino } from './observe/create-logger.js';
export type { PluginHealth, Problem, ServedModel, ServiceHealth } from './observe/health.js';
export type { HostLogger } from './observe/plugin-logger.js';
export { embedProvenance } from './results/embed-provenance.js';
export type { Attempt, ImageResult, Provenance, UsedParameters } from './results/image-result.js';
export { type ReadProvenance, readProvenance } from './results/read-provenance.js';
export { type SavedImage, type SavedImages, type SaveOptions, saveImages } from './results/save-images.js';
