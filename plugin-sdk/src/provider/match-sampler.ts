import { EaselError } from '../errors.js';
import { normaliseSamplerName, splitSamplerName } from '../sampler-name.js';
import { listed } from './listed.js';

/** A sampler or a schedule of a server. */
export interface ServerName {
  /** What its API takes. */
  readonly value: string;
  /** More names of it. Absent: none. */
  readonly names?: readonly string[];
}

export interface MatchedSampler {
  readonly sampler: string;
  /** Undefined: the server's own choice. */
  readonly schedule?: string | undefined;
}

/**
 * A server's names of a sampler and its schedule, of any name that tools have for them: `Euler a Karras` is
 * `euler_ancestral` and `karras`, or a sampler `Euler a Karras`, where the server has one.
 *
 * @throws EaselError ERR_REQUEST_INVALID where the server does not have it, with what it has
 */
export function matchSampler(
  asked: string,
  samplers: readonly ServerName[],
  schedules: readonly ServerName[],
): MatchedSampler {
  const whole = find(samplers, normaliseSamplerName(asked));
  if (whole) return { sampler: whole.value };
  const { sampler, schedule } = splitSamplerName(asked);
  const found = find(samplers, sampler) ?? find(samplers, sampler.replace(/_a$/, '_ancestral'));
  const foundSchedule = schedule === undefined ? undefined : find(schedules, schedule);
  if (found && (schedule === undefined || foundSchedule))
    return { sampler: found.value, schedule: foundSchedule?.value };
  const has = (names: readonly ServerName[]) => listed(names.map(({ value }) => value));
  throw new EaselError({
    code: 'ERR_REQUEST_INVALID',
    field: 'sampler',
    message: `sampler: the server has no "${asked.slice(0, 100)}".`,
    hint: `It has ${has(samplers)}, and the schedules ${has(schedules)}.`,
  });
}

const find = (list: readonly ServerName[], normal: string): ServerName | undefined =>
  list.find(({ value, names = [] }) =>
    [value, ...names].some((name) => normaliseSamplerName(name) === normal),
  );
