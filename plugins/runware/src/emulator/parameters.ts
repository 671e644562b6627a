/**
 * What Runware takes in a task and what it rejects, runware.ai/docs/image-inference/api-reference and
 * .../utilities/prompt-enhancement.
 *
 * @module
 */
import type { RunwareError } from './errors.js';

export type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with a value, or undefined where nothing is. */
type Rule = (value: unknown) => Omit<RunwareError, 'parameter'> | undefined;

const wrong = (code: string, message: string, more: Partial<RunwareError> = {}) => ({
  code,
  message,
  ...more,
});

const number =
  (min: number, max: number, { isInteger = true, multipleOf = 1 } = {}): Rule =>
  (value) => {
    const type = isInteger ? 'integer' : 'float';
    if (typeof value !== 'number' || (isInteger && !Number.isInteger(value)))
      return wrong('invalidType', `It must be a number of type ${type}.`, { type });
    if (value < min) return wrong('valueTooSmall', `It must be at least ${min}.`, { type, min, max });
    if (value > max) return wrong('valueTooLarge', `It must be at most ${max}.`, { type, min, max });
    return value % multipleOf === 0 || !isInteger
      ? undefined
      : wrong('invalidMultiple', `It must be a multiple of ${multipleOf}.`, { type, min, max });
  };

const text =
  (min: number, max: number): Rule =>
  (value) =>
    typeof value === 'string' && value.length >= min && value.length <= max
      ? undefined
      : wrong('invalidLength', `It must be a text of ${min} to ${max} characters.`, {
          type: 'string',
          min,
          max,
        });

const oneOf =
  (...allowed: readonly unknown[]): Rule =>
  (value) =>
    allowed.includes(value) ? undefined : wrong('invalidValue', `It must be one of ${allowed.join(', ')}.`);

const picture: Rule = (value) =>
  typeof value === 'string' &&
  /^(data:image\/(png|jpeg|webp);base64,|https?:\/\/|[0-9a-f-]{36}$|[A-Za-z0-9+/]{40})/.test(value)
    ? undefined
    : wrong('invalidImage', 'It must be a UUID, a data URI, base64 or a URL.');

const air: Rule = (value) =>
  typeof value === 'string' && /^[a-z]+:[\w.-]+@[\w.-]+$/.test(value)
    ? undefined
    : wrong('invalidModel', 'It must be an AIR identifier, like runware:101@1.', { type: 'string' });

const list =
  (rule: Rule): Rule =>
  (value) =>
    Array.isArray(value) && value.length > 0
      ? value.map(rule).find((problem) => problem !== undefined)
      : wrong('invalidType', 'It must be an array that is not empty.', { type: 'array' });

const weighted = list((value) => {
  const { model, weight = 1 } = (value ?? {}) as Fields;
  return air(model) ?? number(-4, 4, { isInteger: false })(weight);
});

const anything: Rule = () => undefined;
const anObject: Rule = (value) =>
  typeof value === 'object' && value !== null ? undefined : wrong('invalidType', 'It must be an object.');

const schedulers =
  /^(Default|(Euler|DPM\+\+( SDE| 2M| 2M SDE| 3M)?)( Karras| Exponential| Beta)?|Euler a|DDIM|LCM|(Heun|LMS|UniPC( 2M| 3M)?)( Karras)?|(DPM\+\+|IPNDM|UniPC) Uniform( Karras| Exponential| Beta)?|\w+Scheduler|DPMSolverMultistepInverse)$/;

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

const inference: Readonly<Record<string, Rule>> = {
  ...shared,
  positivePrompt: text(2, 3_000),
  negativePrompt: text(2, 3_000),
  width: number(128, 2_048, { multipleOf: 64 }),
  height: number(128, 2_048, { multipleOf: 64 }),
  model: air,
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
  outputType: oneOf('URL', 'base64Data', 'dataURI'),
  outputFormat: oneOf('JPG', 'PNG', 'WEBP'),
  outputQuality: number(20, 99),
  ttl: number(60, 10_000_000),
  uploadEndpoint: text(8, 2_000),
  checkNSFW: oneOf(true, false),
  safety: anObject,
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
  providerSettings: anObject,
  settings: anObject,
  inputs: anObject,
};

const enhancement: Readonly<Record<string, Rule>> = {
  ...shared,
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
  getResponse: { rules: shared, required: [] },
  getTaskDetails: { rules: shared, required: [] },
};

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** Models of this list take seeds of 31 bits, and edges that are multiples of 16. */
const isNewer = (model: unknown) =>
  typeof model === 'string' && /^(runware:z-image@|google:|openai:)/.test(model);

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
  if (task.maskImage !== undefined && task.seedImage === undefined)
    return {
      ...complain('seedImage', wrong('missingSeedImage', 'A mask needs a seed image.')),
      parameter: ['seedImage', 'maskImage'],
    };
  return undefined;
}

function ruleOf({ rules }: Kind, name: string, { model }: Fields): Rule | undefined {
  if (!isNewer(model)) return Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (name === 'seed') return number(0, 2_147_483_647);
  if (name === 'width' || name === 'height') return number(128, 2_048, { multipleOf: 16 });
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}
