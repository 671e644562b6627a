export { type Control, controlSchema } from './control.js';
export * from './error-table.js';
export * from './errors.js';
export { type AddressFetch, type FetchAddressOptions, fetchAddress } from './fetch-address.js';
export { type FetchImageOptions, fetchImage } from './fetch-image.js';
export * from './generation.js';
export { type ImageIdentity, identifyImage } from './identify-image.js';
export * from './image.js';
export { type ImageFormat, imageFormatOf, imageFormats } from './image-format.js';
export { type AddressLookup, findHost, type Host, type HostOptions } from './image-host.js';
export { isPlainJson, jsonLimits, jsonSchema } from './json.js';
export { type LinkedSignal, linkSignals } from './link-signals.js';
export * from './manifest.js';
export { type MemoryPlan, memoryPlanSchema, type NetworkCost } from './memory-plan.js';
export * from './model.js';
export { type ParameterName, parameterNames, promptLimit, requestParameters } from './parameters.js';
export { parseJson } from './parse-json.js';
export { type PatientRequest, patientFetch } from './patient-fetch.js';
export { type PinnedRequest, pinnedFetch } from './pinned-fetch.js';
export * from './plugin.js';
export { type PostJsonOptions, postJson } from './post-json.js';
export { isPublicAddress } from './public-address.js';
export { readBody } from './read-body.js';
export * from './request.js';
export * from './result.js';
export { readRetryAfterMs } from './retry-after.js';
export {
  isProcessRunning,
  ownMark,
  type ProcessMark,
  processSpace,
  processSpaceVariable,
  processStart,
} from './running-process.js';
export { normaliseSamplerName, splitSamplerName } from './sampler-name.js';
export { isOwnerAlive, SignOfLife } from './sign-of-life.js';
export { isUnsent, reasonOf } from './unsent.js';
export * from './versions.js';
export type { Webhook } from './webhook.js';
