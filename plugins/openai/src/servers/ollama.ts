import type { Server } from './server.js';

/**
 * github.com/ollama/ollama, docs/api/openai-compatibility.mdx: one image, no edits. Taken out of Ollama
 * 0.32.6.
 */
export const ollama: Server = {
  name: 'Ollama',
  baseUrl: 'http://127.0.0.1:11434/v1',
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  fields: {},
};
