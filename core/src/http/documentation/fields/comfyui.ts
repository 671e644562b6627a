import { nodeKinds } from '../../comfyui/node-kinds.js';
import type { promptSchema } from '../../comfyui/take-prompt.js';
import { type FieldEffect, type FieldTable, unlessTaken } from './field-effect.js';
import { roundedSize } from './tuning.js';

const fields = {
  prompt: { obeyed: 'the workflow, followed from its SaveImage or PreviewImage' },
  prompt_id: { obeyed: 'a UUID; the same one again is the same prompt' },
  client_id: { obeyed: 'whose WebSocket is told' },
} satisfies Record<keyof typeof promptSchema.shape, FieldEffect>;

const size: FieldEffect = { obeyed: 'pixels', adapted: roundedSize };
const seed: FieldEffect = {
  obeyed: 'start of the random numbers',
  adapted: 'its lowest 32 bits count',
  ignored: unlessTaken,
};
const ofModel: FieldEffect = { ignored: 'always: the model has its own' };
const nobody: FieldEffect = { obeyed: 'the model' };
const lora: FieldEffect = { obeyed: 'a LoRA below `server.modelFolders`', ignored: 'the model takes none' };
const weight: FieldEffect = { obeyed: 'its strength' };
const sampler = {
  steps: { obeyed: 'steps that are made', adapted: 'they would be more than 1,000', ignored: unlessTaken },
  cfg: { obeyed: 'weight of the prompt', ignored: `${unlessTaken}, or there is a FluxGuidance` },
  sampler_name: { obeyed: 'sampler', adapted: 'the plugin cannot combine it', ignored: unlessTaken },
  scheduler: { obeyed: 'schedule', adapted: 'the plugin cannot combine it', ignored: unlessTaken },
} satisfies Record<string, FieldEffect>;
const empty = { width: size, height: size, batch_size: { obeyed: 'how many images' } };
const shift: FieldEffect = { ignored: 'always: the model has its own' };
const file: FieldEffect = { obeyed: 'a file that was sent, or `name [output]`' };

/** What becomes of the inputs of nodes that are no links, by their kinds. */
const inputs: Readonly<Record<string, Readonly<Record<string, FieldEffect>>>> = {
  CheckpointLoaderSimple: { ckpt_name: { obeyed: 'id of a model; the ending of a file counts for nothing' } },
  UNETLoader: { unet_name: nobody, weight_dtype: ofModel },
  CLIPLoader: { clip_name: ofModel, type: { obeyed: 'whether the guidance is FluxGuidance' } },
  DualCLIPLoader: {
    clip_name1: ofModel,
    clip_name2: ofModel,
    type: { obeyed: 'whether the guidance is FluxGuidance' },
  },
  TripleCLIPLoader: { clip_name1: ofModel, clip_name2: ofModel, clip_name3: ofModel },
  VAELoader: { vae_name: ofModel },
  LoraLoader: {
    lora_name: lora,
    strength_model: weight,
    strength_clip: { obeyed: 'where it is `strength_model`', adapted: 'it is not, which counts' },
  },
  LoraLoaderModelOnly: { lora_name: lora, strength_model: weight },
  ModelSamplingSD3: { shift },
  ModelSamplingAuraFlow: { shift },
  CLIPSetLastLayer: { stop_at_clip_layer: { obeyed: 'last layers left out', ignored: unlessTaken } },
  CLIPTextEncode: {
    text: {
      obeyed: 'the prompt, or the negative one; the local engine reads weights as ComfyUI does',
      ignored: unlessTaken,
    },
  },
  FluxGuidance: { guidance: { obeyed: 'weight of the prompt', ignored: unlessTaken } },
  EmptyLatentImage: empty,
  EmptySD3LatentImage: empty,
  RepeatLatentBatch: { amount: { obeyed: 'how many images' } },
  VAEEncodeForInpaint: { grow_mask_by: { obeyed: 'edge of the square that a pixel of the mask becomes' } },
  KSampler: {
    seed,
    ...sampler,
    denoise: { obeyed: 'how far from the image', ignored: 'there is no image' },
  },
  KSamplerAdvanced: {
    noise_seed: seed,
    ...sampler,
    add_noise: { obeyed: 'enable' },
    start_at_step: { obeyed: 'how far from the image', ignored: 'there is no image' },
    end_at_step: { obeyed: 'at `steps` or more' },
  },
  LoadImage: { image: file },
  LoadImageMask: { image: file, channel: { obeyed: 'where it is painted; of alpha, where it is clear' } },
  ImageToMask: { channel: { obeyed: 'where it is painted' } },
  SaveImage: { filename_prefix: { ignored: 'always: files are named by their content' } },
};

export const comfyTable: FieldTable = {
  title: "ComfyUI's API",
  fields: {
    ...fields,
    ...Object.fromEntries(
      Object.keys(nodeKinds).flatMap((kind) =>
        Object.entries(inputs[kind] ?? {}).map(([name, effect]) => [`${kind}.${name}`, effect] as const),
      ),
    ),
  },
  others: { obeyed: 'other nodes that the outputs need: status 400 with their names' },
};
