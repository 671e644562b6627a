import * as z from 'zod/mini';
import { call } from '../api/call.js';
import { $words } from '../language/words.js';
import { $models } from '../live/models.js';
import { showToast } from '../shell/toast.js';
import { $draft, type Draft } from './draft.js';
import { dataUrlOf } from './inputs.js';

const requestSchema = z.looseObject({
  prompt: z.string(),
  model: z.optional(z.string()),
  size: z.optional(z.string()),
  negative_prompt: z.optional(z.string()),
  seed: z.optional(z.number()),
  steps: z.optional(z.number()),
  guidance_scale: z.optional(z.number()),
  sampler: z.optional(z.string()),
});
const toldSchema = z.looseObject({ request: z.nullable(requestSchema) });

/** Media types of files that may tell settings. */
const telling: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/webp']);

/**
 * Offers to take over the settings that a file tells, also one of another tool; says nothing where it tells
 * none.
 */
export async function offerSettings(file: Blob, whenTaken: () => void): Promise<void> {
  if (!telling.has(file.type)) return;
  const told = await call(toldSchema, 'api/images/parameters', {
    method: 'POST',
    body: { image: await dataUrlOf(file) },
  }).catch(() => undefined);
  const request = told?.request;
  if (!request) return;
  const { hasSettings, takeSettings, tookSettings, undo } = $words.get();
  showToast({
    text: hasSettings,
    action: takeSettings,
    act: async () => {
      const before = $draft.get();
      $draft.set(draftOf(request, before));
      whenTaken();
      showToast({ text: tookSettings, action: undo, act: async () => $draft.set(before) });
    },
  });
}

function draftOf(told: z.infer<typeof requestSchema>, before: Draft): Draft {
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
