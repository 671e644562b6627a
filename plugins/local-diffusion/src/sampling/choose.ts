import { EaselError } from '@easel/plugin-sdk';
import { resolveSampler } from './names.js';
import { effectiveConfig, type SchedulerClassName, schedulerClasses } from './scheduler-config/classes.js';
import { parseSchedulerConfig, type SchedulerConfig } from './scheduler-config/scheduler-config.js';

/** The sampler that will run, and its configuration. */
export interface ChosenSampler {
  readonly className: SchedulerClassName;
  readonly config: SchedulerConfig;
  readonly warnings: readonly string[];
}

type PredictionType = SchedulerConfig['prediction_type'];
const noiseOrVelocity: readonly PredictionType[] = ['epsilon', 'v_prediction'];
const common: readonly PredictionType[] = [...noiseOrVelocity, 'sample'];
const narrow = new Set<SchedulerClassName>([
  'PNDMScheduler',
  'EulerAncestralDiscreteScheduler',
  'KDPM2DiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
  'EDMEulerScheduler',
]);

/** What a sampler cannot do with a configuration, in words; undefined if it can. */
function obstacle(className: SchedulerClassName, config: SchedulerConfig): string | undefined {
  const solver = schedulerClasses[className].noiseScale === 'alpha-sigma';
  const flow: readonly PredictionType[] = solver ? ['flow_prediction'] : [];
  const predictions = narrow.has(className) ? noiseOrVelocity : [...common, ...flow];
  if (!predictions.includes(config.prediction_type)) {
    return `prediction_type "${config.prediction_type}" does not go with ${className}`;
  }
  const spacings = [config.use_karras_sigmas, config.use_exponential_sigmas, config.use_beta_sigmas];
  if (spacings.filter(Boolean).length > 1)
    return 'more than one of karras, exponential and beta sigmas is switched on';
  const learned = config.variance_type?.startsWith('learned') || config.variance_type === 'fixed_large_log';
  if (learned) return `variance_type "${config.variance_type}" is not supported`;
  if (className.startsWith('DPMSolver')) return dpmSolverObstacle(className, config);
  if (className === 'UniPCMultistepScheduler') {
    if (!config.predict_x0 && config.final_sigmas_type === 'zero') {
      return 'predict_x0 false needs final_sigmas_type "sigma_min"';
    }
    if (config.shift_terminal !== null && !config.use_flow_sigmas)
      return 'shift_terminal needs use_flow_sigmas';
  }
  return undefined;
}

function dpmSolverObstacle(className: SchedulerClassName, config: SchedulerConfig): string | undefined {
  const inNoise = config.algorithm_type === 'dpmsolver' || config.algorithm_type === 'sde-dpmsolver';
  if (inNoise && config.final_sigmas_type === 'zero') {
    return `algorithm_type "${config.algorithm_type}" needs final_sigmas_type "sigma_min"`;
  }
  if (config.algorithm_type !== 'sde-dpmsolver') return undefined;
  if (className === 'DPMSolverSinglestepScheduler')
    return 'algorithm_type "sde-dpmsolver" has no singlestep form';
  return config.solver_order === 3 ? 'algorithm_type "sde-dpmsolver" has no third order' : undefined;
}

function ownClass(className: string | undefined): SchedulerClassName {
  if (className !== undefined && Object.hasOwn(schedulerClasses, className))
    return className as SchedulerClassName;
  throw new EaselError({
    code: 'ERR_MODEL_FILES_INVALID',
    message: `scheduler_config.json: the scheduler class ${className ?? '(none)'} is not supported`,
    hint: 'Choose a sampler by name.',
  });
}

/**
 * Settles on a sampler: the one asked for, or the model's own. The model's configuration is carried over to another class as
 * diffusers' `Class.from_config` does it.
 * @throws EaselError ERR_REQUEST_INVALID if the sampler asked for is unknown or cannot run this model;
 * ERR_MODEL_FILES_INVALID if the model's own configuration cannot be run.
 */
export function chooseSampler(schedulerConfig: unknown, sampler: string | undefined): ChosenSampler {
  const { className: own, values, warnings } = parseSchedulerConfig(schedulerConfig);
  if (own?.startsWith('FlowMatch')) ownClass(own);
  const asked = sampler === undefined ? undefined : resolveSampler(sampler);
  const className = asked?.className ?? ownClass(own);
  const config = effectiveConfig(className, { ...values, ...asked?.overrides });
  if (config.algorithm_type === 'deis') config.algorithm_type = 'dpmsolver++';
  const reason = obstacle(className, config);
  if (reason === undefined) return { className, config, warnings };
  if (asked && own !== className) {
    throw new EaselError({
      code: 'ERR_REQUEST_INVALID',
      message: `the sampler "${sampler}" cannot run this model: ${reason}`,
    });
  }
  throw new EaselError({ code: 'ERR_MODEL_FILES_INVALID', message: `scheduler_config.json: ${reason}` });
}
