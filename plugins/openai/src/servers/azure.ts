import { openai } from './openai.js';
import type { Server } from './server.js';

const { baseUrl: _, batches: _none, ...asOpenAi } = openai;

/**
 * Azure OpenAI, at `https://<resource>.openai.azure.com/openai/v1`; a model is the name of a deployment. As
 * `@ai-sdk/azure` 4.0.85 asks. Its batches take no requests for images.
 */
export const azure: Server = {
  ...asOpenAi,
  name: 'Azure OpenAI',
  secret: 'AZURE_OPENAI_API_KEY',
  keyHeader: 'api-key',
};
