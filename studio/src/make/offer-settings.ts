import * as z from 'zod/mini';
import { call } from '../api/call.js';
import { $words } from '../language/words.js';
import { $models } from '../live/models.js';
import { showToast } from '../shell/toast.js';
import { $draft, type Draft } from './draft.js';
import { dataUrlOf } from './inputs.js';

const toldSchema = z.looseObject({
  request: z.looseObject({
    prompt: z.string(),
    model: z.optional(z.string()),
    size: z.optional(z.string()),
    negative_prompt: z.optional(z.string()),
    seed: z.optional(z.number()),
    steps: z.optional(z.number()),
    guidance_scale: z.optional(z.number()),
    sampler: z.optional(z.string()),
  }),
});

/** Offers to take over the settings that a file tells, also one of another tool; says nothing where it tells none. */
export async function offerSettings(file: Blob, whenTaken: () => void): Promise<void> {
  if (file.type !== 'image/png') return;
  const told = await call(toldSchema, 'api/images/parameters', {
    method: 'POST',
    body: { image: await dataUrlOf(file) },
  }).catch(() => undefined);
  if (!told) return;
  const { hasSettings, takeSettings, tookSettings, undo } = $words.get();
  showToast({
    text: hasSettings,
    action: takeSettings,
    act: async () => {
      const before = $draft.get();
      $draft.set(draftOf(told.request, before));
      whenTaken();
      showToast({ text: tookSettings, action: undo, act: async () => $draft.set(before) });
    },
  });
}

function draftOf(told: z.infer<typeof toldSchema>['request'], before: Draft): Draft {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(told.size ?? '') ?? [];
  const isKnown = $models.get().some(({ id }) => id === told.model);
  return {
    prompt: told.prompt,
    negative: told.negative_prompt,
    model: isKnown ? told.model : before.model,
    width: width === undefined ? undefined : Number(width),
    height: height === undefined ? undefined : Number(height),
    count: before.count,
    steps: told.steps,
    guidance: told.guidance_scale,
    sampler: told.sampler,
    seed: told.seed,
  };
}
