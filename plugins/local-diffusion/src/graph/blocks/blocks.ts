/**
 * The building blocks of the networks, each written the way that is fastest on the execution provider that
 * runs it. Networks import them from here and name no operator of ONNX Runtime themselves where a block
 * exists; a provider that needs a block written otherwise (float16, an operator that it gets wrong) is told
 * apart inside the block.
 *
 * @module
 */
export * from './activation.js';
export * from './attention.js';
export * from './convolution.js';
export * from './linear.js';
export * from './normalization.js';
export * from './rotary.js';
export * from './tokens.js';
