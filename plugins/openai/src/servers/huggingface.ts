import type { Server } from './server.js';
import { together } from './together.js';

/**
 * Hugging Face's router hands requests on to a provider that its address names, with their own paths and
 * fields; as `huggingface_hub` 1.2 asks. This one is Together AI, by the names that models have there.
 */
export const huggingface: Server = {
  ...together,
  name: 'Together AI by Hugging Face',
  baseUrl: 'https://router.huggingface.co/together/v1',
  secret: 'HF_TOKEN',
};
