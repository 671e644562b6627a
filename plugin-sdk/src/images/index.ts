/**
 * Reading image files that somebody else has made. Needs sharp, which a plugin that imports it has among its
 * dependencies.
 *
 * @module
 */
export { blockOtherLoaders } from './block-other-loaders.js';
export { convertImage, encodeAs } from './convert-image.js';
export {
  type ImageFile,
  type ImageHeader,
  readImageHeader,
  type WithImageOptions,
  withImage,
} from './with-image.js';
