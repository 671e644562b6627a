import type { Guidance, GuidanceRequest } from '../../pipelines/diffusion-model.js';
import { readOptions } from './options.js';

const trainedTimesteps = 1000;

/**
 * How Z-Image is guided: pos + scale * (pos - neg), so that its scale 0 is what others call 1. diffusers:
 * `ZImagePipeline.__call__`.
 */
export const guidance: Guidance = {
  scaleOf: ({ guidanceScale }) => guidanceScale + 1,
  negativeIsRead: 'with a guidance scale over 0',
  guidesAt({ familyOptions }, timestep) {
    const { cfgTruncation = 1 } = readOptions(familyOptions);
    // In float32, as torch compares them: a share such as 0.4 is a little more there.
    return Math.fround((trainedTimesteps - timestep) / trainedTimesteps) <= cfgTruncation;
  },
  limit: ({ familyOptions }: GuidanceRequest) => readOptions(familyOptions).cfgNormalization || undefined,
};
