/**
 * What Runware takes in a task and what it rejects: runware.ai/docs/image-inference/api-reference, and the
 * types of Runware's own client, github.com/Runware/runware-typescript.
 *
 * @module
 */
import type { RunwareError } from './errors.js';
import { limitsOf } from './models.js';
import {
  air,
  anObject,
  anything,
  type Fields,
  list,
  number,
  oneOf,
  picture,
  type Rule,
  text,
  wrong,
} from './rules.js';

const weighted = list((value) => {
  const { model, weight = 1 } = (value ?? {}) as Fields;
  return air(model) ?? number(-4, 4, { isInteger: false })(weight);
});

const schedulers =
  /^(Default|(Euler|DPM\+\+( SDE| 2M| 2M SDE| 3M)?)( Karras| Exponential| Beta)?|Euler a|DDIM|LCM|(Heun|LMS|UniPC( 2M| 3M)?)( Karras)?|(DPM\+\+|IPNDM|UniPC) Uniform( Karras| Exponential| Beta)?|\w+Scheduler|DPMSolverMultistepInverse)$/;

/** Pictures of a task by their names; what else there is belongs to videos. */
const inputs: Rule = (value) => {
  if (typeof value !== 'object' || value === null) return wrong('invalidType', 'It must be an object.');
  const { seedImage, maskImage, referenceImages, image, ...others } = value as Fields;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return wrong('unknownParameter', `There is no such input: ${unknown}.`);
  return (
    [seedImage, maskImage, image]
      .filter((one) => one !== undefined)
      .map(picture)
      .find((problem) => problem !== undefined) ??
    (referenceImages === undefined ? undefined : list(picture)(referenceImages))
  );
};

const refiner: Rule = (value) => {
  const { model, startStep, startStepPercentage } = (value ?? {}) as Fields;
  if (startStep !== undefined && startStepPercentage !== undefined)
    return wrong('incompatibleParameters', 'startStep and startStepPercentage are alternatives.');
  return air(model);
};

const shared: Readonly<Record<string, Rule>> = {
  taskType: anything,
  taskUUID: anything,
  includeCost: oneOf(true, false),
  deliveryMethod: oneOf('sync', 'async'),
  webhookURL: text(8, 2_000),
};

const output: Readonly<Record<string, Rule>> = {
  ...shared,
  model: air,
  outputType: oneOf('URL', 'base64Data', 'dataURI'),
  outputFormat: oneOf('JPG', 'PNG', 'WEBP'),
  outputQuality: number(20, 99),
  ttl: number(60, 10_000_000),
  uploadEndpoint: text(8, 2_000),
  safety: anObject,
  providerSettings: anObject,
  settings: anObject,
  inputs,
};

const inference: Readonly<Record<string, Rule>> = {
  ...output,
  positivePrompt: text(2, 3_000),
  negativePrompt: text(2, 3_000),
  width: number(128, 2_048, { multipleOf: 64 }),
  height: number(128, 2_048, { multipleOf: 64 }),
  vae: air,
  steps: number(1, 100),
  scheduler: (value) =>
    typeof value === 'string' && schedulers.test(value)
      ? undefined
      : wrong('invalidScheduler', 'There is no such scheduler.'),
  seed: number(1, 9_223_372_036_854_776_000),
  CFGScale: number(0, 50, { isInteger: false }),
  clipSkip: number(0, 2),
  promptWeighting: oneOf('compel', 'sdEmbeds'),
  numberResults: number(1, 20),
  checkNSFW: oneOf(true, false),
  seedImage: picture,
  maskImage: picture,
  maskMargin: number(32, 128),
  strength: number(0, 1, { isInteger: false }),
  referenceImages: list(picture),
  lora: weighted,
  embeddings: weighted,
  refiner,
  controlNet: list(anObject),
  ipAdapters: list(anObject),
  outpaint: anObject,
  acceleration: oneOf('none', 'low', 'medium', 'high'),
  acceleratorOptions: anObject,
  advancedFeatures: anObject,
};

const enhancement: Readonly<Record<string, Rule>> = {
  ...shared,
  // The oldest clients, @runware/sdk-js among them, name none.
  model: air,
  prompt: text(1, 300),
  promptMaxLength: number(4, 400),
  promptVersions: number(1, 5),
};

interface Kind {
  readonly rules: Readonly<Record<string, Rule>>;
  readonly required: readonly string[];
}

const kinds: Readonly<Record<string, Kind>> = {
  imageInference: { rules: inference, required: ['positivePrompt', 'model', 'width', 'height'] },
  promptEnhance: { rules: enhancement, required: ['prompt', 'promptMaxLength', 'promptVersions'] },
  upscale: { rules: { ...output, upscaleFactor: number(2, 4) }, required: ['model', 'inputs'] },
  removeBackground: { rules: output, required: ['model', 'inputs'] },
  controlNetPreprocess: { rules: output, required: ['model', 'inputs'] },
  getResponse: { rules: shared, required: [] },
  getTaskDetails: { rules: shared, required: [] },
};

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** The first thing that is wrong with a task; undefined where nothing is. */
export function findProblem(task: Fields): RunwareError | undefined {
  const { taskType, taskUUID } = task;
  const kind = typeof taskType === 'string' && Object.hasOwn(kinds, taskType) ? kinds[taskType] : undefined;
  const about = {
    ...(typeof taskType === 'string' ? { taskType } : {}),
    ...(typeof taskUUID === 'string' ? { taskUUID } : {}),
  };
  const complain = (
    parameter: string,
    { code, message, ...more }: Omit<RunwareError, 'parameter'>,
  ): RunwareError => ({
    code,
    message: `Invalid value for '${parameter}' parameter. ${message}`,
    parameter,
    ...more,
    ...about,
    documentation: `https://runware.ai/docs/image-inference/api-reference#request-${parameter.toLowerCase()}`,
  });
  if (!kind)
    return complain('taskType', wrong('invalidTaskType', `There is no task type "${String(taskType)}".`));
  if (typeof taskUUID !== 'string') return complain('taskUUID', wrong('missingTaskUUID', 'It is required.'));
  if (!uuid4.test(taskUUID)) return complain('taskUUID', wrong('invalidTaskUUID', 'It must be a UUID v4.'));
  const missing = kind.required.find((name) => task[name] === undefined);
  if (missing !== undefined)
    return complain(
      missing,
      wrong(`missing${missing[0]?.toUpperCase()}${missing.slice(1)}`, 'It is required.'),
    );
  for (const [name, value] of Object.entries(task)) {
    const rule = ruleOf(kind, name, task);
    if (!rule) return complain(name, wrong('unknownParameter', 'There is no such parameter.'));
    const problem = rule(value);
    if (problem) return complain(name, problem);
  }
  const { image, seedImage = task.seedImage, maskImage = task.maskImage } = inputsOf(task);
  if (['upscale', 'removeBackground', 'controlNetPreprocess'].includes(taskType as string))
    return image === undefined
      ? complain('inputs.image', wrong('missingImage', 'It is required.'))
      : undefined;
  if (maskImage !== undefined && seedImage === undefined)
    return {
      ...complain('seedImage', wrong('missingSeedImage', 'A mask needs a seed image.')),
      parameter: ['seedImage', 'maskImage'],
    };
  return undefined;
}

/** What is under `inputs`. */
export const inputsOf = ({ inputs = {} }: Fields): Fields => inputs as Fields;

function ruleOf({ rules }: Kind, name: string, { model }: Fields): Rule | undefined {
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
  const limits = limitsOf(model);
  if (!limits || rules !== inference) return rule;
  const { edges, multipleOf, steps, guidance, references, starts, negatives } = limits;
  if (name === 'seed') return number(0, 2_147_483_647);
  if (name === 'width' || name === 'height') return number(...edges, { multipleOf });
  if (name === 'steps') return steps && number(...steps);
  if (name === 'CFGScale') return guidance && number(...guidance, { isInteger: false });
  if (name === 'negativePrompt' && !negatives) return undefined;
  if (name === 'strength' && !starts) return undefined;
  if (name === 'inputs') return (value) => inputs(value) ?? fits(value as Fields, references, starts);
  return rule;
}

function fits({ seedImage, referenceImages = [] }: Fields, references: number, starts: boolean) {
  if (seedImage !== undefined && !starts)
    return wrong('unknownParameter', 'There is no such input: seedImage.');
  return (referenceImages as readonly unknown[]).length > references
    ? wrong('arrayTooLong', `There must be at most ${references} reference images.`, { max: references })
    : undefined;
}
