import type { Server } from './server.js';

/** docs.vllm.ai/projects/vllm-omni: one model a server, base64 alone. */
export const vllmOmni: Server = {
  name: 'vLLM-Omni',
  size: { kind: 'size' },
  responseFormat: 'b64_json',
  images: 10,
  fields: {
    seed: 'seed',
    steps: 'num_inference_steps',
    guidanceScale: 'guidance_scale',
    negativePrompt: 'negative_prompt',
  },
};
