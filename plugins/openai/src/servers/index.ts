/**
 * The servers that are known: a file each. Others are configured by the one that they are most alike.
 *
 * @module
 */
import { azure } from './azure.js';
import { deepinfra } from './deepinfra.js';
import { easel } from './easel.js';
import { huggingface } from './huggingface.js';
import { localai } from './localai.js';
import { ollama } from './ollama.js';
import { openai } from './openai.js';
import { parasail } from './parasail.js';
import { recraft } from './recraft.js';
import type { Server } from './server.js';
import { sglang } from './sglang.js';
import { stableDiffusionCpp } from './stable-diffusion-cpp.js';
import { together } from './together.js';
import { vllmOmni } from './vllm-omni.js';
import { xai } from './xai.js';

export const servers = {
  openai,
  azure,
  xai,
  together,
  huggingface,
  deepinfra,
  recraft,
  'vllm-omni': vllmOmni,
  sglang,
  localai,
  ollama,
  'stable-diffusion-cpp': stableDiffusionCpp,
  parasail,
  easel,
} as const satisfies Record<string, Server>;

export type ServerName = keyof typeof servers;
export const serverNames = Object.keys(servers) as [ServerName, ...ServerName[]];
export type { EditForm, NamedField, Server, SizeFields } from './server.js';
