import { comfyui } from './comfyui.js';
import { gemini } from './gemini.js';
import { geminiBackground } from './gemini-background.js';
import { geminiBatch } from './gemini-batch.js';
import { openai } from './openai.js';
import { parasail, parasailDirect } from './parasail.js';
import { queues } from './queue.js';
import { runware } from './runware.js';
import { sdapi } from './sdapi.js';
import type { Provider } from './site.js';
import { stability } from './stability.js';

/** The hosted providers and the ways to them, each with an emulator and a plugin. */
export const providers: readonly Provider[] = [
  runware,
  gemini,
  geminiBackground,
  geminiBatch,
  parasail,
  openai,
  ...queues,
  stability,
  sdapi,
  comfyui,
];

/** Those whose calls are made over a server that is killed. */
export const serverProviders: readonly Provider[] = [...providers, parasailDirect];
