/**
 * Paid requests that are answered at once, such as an image in the answer to a POST: each is sent once, and
 * its answer is kept until the call has received it, whoever is killed meanwhile. For work that a provider
 * can be asked about afterwards see `@easel/plugin-sdk/batch`.
 *
 * @module
 */
export { unread } from './failures.js';
export { type MadeImages, type MakeImagesOptions, makeImages } from './make-images.js';
export {
  type PaidAnswer,
  type PaidCall,
  PaidRequests,
  type PaidRequestsOptions,
  type Send,
} from './paid-requests.js';
