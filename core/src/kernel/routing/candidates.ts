import {
  type Cost,
  EaselError,
  type GenerationRequest,
  type Model,
  type ValidImageRequest,
  type Warning,
} from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import { withInstalledSource } from '../../model-files/resolve-source.js';
import { type AdaptedRequest, adaptRequest } from '../../models/adapt-request.js';
import type { Catalogue } from '../../models/catalogue.js';
import { warnOfUnreadSyntax } from '../../prompts/unread-syntax.js';
import type { GuardedPlugin } from '../guard/guarded-plugin.js';
import { isPaid } from '../guard/paid-risk.js';
import type { Registry } from '../registry/registry.js';
import type { AskedPlugin } from './fixed-request.js';
import { findMissingAbility } from './missing-ability.js';
import { inOrder } from './order.js';
import { otherModels } from './other-models.js';
import { warnOfUnknownOptions, warnOfUnusedOptions } from './unknown-options.js';

/** One way to make the pictures that were asked for. */
export interface Candidate {
  readonly plugin: GuardedPlugin;
  readonly model: Model;
  /** The model's own pipeline type, or the fallback's. */
  readonly pipelineType: string;
  readonly request: GenerationRequest;
  /**
   * What the plugin is given in place of what is in `request`, with paths for names of files. Absent:
   * nothing.
   */
  readonly withFiles?: Partial<Pick<GenerationRequest, 'prompt' | 'options' | 'control'>>;
  /** Options of the model and the request as their caller may read them. Absent: as they are. */
  readonly toldOptions?: GenerationRequest['options'];
  readonly warnings: readonly Warning[];
  /** Why it would not be asked now. Absent: it would. */
  readonly obstacle: string | undefined;
  /** Whether it cannot do what was asked, and so is not asked at all. */
  readonly isUnable: boolean;
  /** Whether it was asked last before the call was cut off. Absent: no. */
  readonly wasAsked?: boolean;
  /** What it would cost, at most. Absent: nobody knows, or has asked. */
  readonly estimate?: Cost;
  /** Milliseconds that its calls take lately, where that was asked for. Absent: there was none. */
  readonly medianMs?: number;
  /** Whether all that speaks against it is `maxCost`. Absent: no. */
  readonly isTooExpensive?: boolean;
}

export interface RoutingWorld {
  readonly registry: Pick<Registry, 'table' | 'plugins'>;
  readonly catalogue: Catalogue;
  readonly configuration: Configuration;
  /** Draws from 0 up to 1. */
  readonly random: () => number;
  readonly drawSeed: () => number;
  /** Goes before all others that can do what was asked. Absent: nobody does. */
  readonly askFirst?: AskedPlugin | undefined;
}

/**
 * Who could make the pictures of a model, in the order in which they are asked: the plugins of its pipeline
 * type by priority, weight and load; those of the fallback type where there are none; the same for the same
 * model at other providers, where the request names what they have in common or prefers some of them; and,
 * where the request allows it, for each model of the configured chain that can do what was asked. Whoever
 * would not be asked now comes last, so that it can say why.
 *
 * @throws ERR_REQUEST_INVALID where the model itself cannot do what was asked, ERR_NO_ROUTE where there is
 * nobody, ERR_PLUGIN_DISABLED where the one that was asked before the call was cut off may have been paid and
 * cannot be asked again
 */
export function listCandidates(world: RoutingWorld, asked: ValidImageRequest, model: Model): Candidate[] {
  let drawn: number | undefined;
  const sameSeed = () => {
    drawn ??= world.drawSeed();
    return drawn;
  };
  const { same, fallbacks, isShared } = otherModels(world, asked, model);
  const own = ownCandidates(world, asked, model, sameSeed);
  const all = [
    ...(isShared ? ifAble(own) : own()),
    ...same.flatMap((other) => substitutes(world, asked, { model, other, isShared }, sameSeed)),
    ...fallbacks.flatMap((other) => substitutes(world, asked, { model, other }, sameSeed)),
  ];
  const able = all.filter(({ isUnable }) => !isUnable);
  const isFree = ({ obstacle }: Candidate) => obstacle === undefined;
  const byObstacle = [...able.filter(isFree), ...able.filter((candidate) => !isFree(candidate))];
  const isFirst = ({ plugin, model }: Candidate) =>
    plugin.manifest.id === world.askFirst?.plugin && model.id === world.askFirst.model;
  const first = byObstacle.filter(isFirst).map((candidate) => ({ ...candidate, wasAsked: true }));
  if (first.length === 0) assertUnpaid(world);
  if (all.length === 0) {
    // What is wrong with the request is told where none of them can make it.
    if (isShared) own();
    throw noRoute(world, model);
  }
  const inTurn = [...first, ...byObstacle.filter((candidate) => !isFirst(candidate))];
  return [...inTurn, ...all.filter(({ isUnable }) => isUnable)];
}

/** The first of them alone where nobody may take over, and those who cannot. */
export function withinFallback(
  candidates: readonly Candidate[],
  { fallback }: Pick<ValidImageRequest, 'fallback'>,
): Candidate[] {
  if (fallback !== 'none') return [...candidates];
  return candidates.filter(({ isUnable }, index) => index === 0 || isUnable);
}

const ownCandidates =
  (world: RoutingWorld, asked: ValidImageRequest, model: Model, drawSeed: () => number) => (): Candidate[] =>
    candidatesOf(world, asked, model, adaptRequest(asked, model, drawSeed));

/** None where what the caller meant would have to be left out. */
function ifAble(candidates: () => Candidate[]): Candidate[] {
  try {
    return candidates();
  } catch (error) {
    if (EaselError.isInstance(error)) return [];
    throw error;
  }
}

function candidatesOf(
  { registry, catalogue, configuration, random }: RoutingWorld,
  asked: ValidImageRequest,
  model: Model,
  adapted: AdaptedRequest,
): Candidate[] {
  const own = registry.table.get(model.pipelineType) ?? [];
  const { fallbackPipelineType: fallback } = configuration;
  const pipelineType = own.length === 0 && fallback !== undefined ? fallback : model.pipelineType;
  const warnings = [...adapted.warnings, ...warnOfUnknownOptions(asked, registry.plugins)];
  if (pipelineType !== model.pipelineType) {
    const message = `No plugin handles the pipeline type "${model.pipelineType}"; the fallback "${pipelineType}" was used.`;
    warnings.push({ code: 'other', message });
  }
  if (!catalogue.models.has(model.id) && model.source.type === 'provider') {
    const message = `"${model.id}" is in no catalogue: what it can do is not known, and was not checked.`;
    warnings.push({ code: 'other', parameter: 'model', message });
  }
  const plugins = own.length > 0 ? own : (registry.table.get(pipelineType) ?? []);
  return inOrder(plugins, pipelineType, random).map((plugin) => {
    const missing = findMissingAbility(plugin.manifest, pipelineType, asked, adapted.request);
    return {
      plugin,
      model,
      pipelineType,
      warnings: [
        ...warnings,
        ...warnOfUnusedOptions(asked, plugin.manifest.id, registry.plugins),
        ...warnOfUnreadSyntax(asked, plugin.manifest),
      ],
      request: {
        ...adapted.request,
        options: { ...model.options, ...asked.providerOptions[plugin.manifest.id] },
      },
      obstacle:
        missing === undefined
          ? plugin.obstacle(pipelineType, model.secrets)
          : `it cannot do this: ${missing}`,
      isUnable: missing !== undefined,
    };
  });
}

/** Another model's candidates; none where it is not installed, or cannot make what was asked for. */
function substitutes(
  world: RoutingWorld,
  asked: ValidImageRequest,
  { model, other, isShared = false }: { model: Model; other: Model; isShared?: boolean },
  drawSeed: () => number,
): Candidate[] {
  return ifAble(() => {
    const installed = withInstalledSource(other);
    const adapted = adaptRequest(asked, installed, drawSeed);
    const message = `"${other.id}" was used in place of "${model.id}".`;
    const warning = { code: 'parameter-adapted' as const, parameter: 'model', message };
    const warnings = isShared ? adapted.warnings : [...adapted.warnings, warning];
    return candidatesOf(world, asked, installed, { ...adapted, warnings });
  });
}

function assertUnpaid({ askFirst, registry }: RoutingWorld): void {
  if (!askFirst) return;
  const { plugin: id } = askFirst;
  const plugin = registry.plugins.find(({ manifest }) => manifest.id === id);
  if (plugin && !isPaid(plugin.manifest)) return;
  throw new EaselError({
    code: 'ERR_PLUGIN_DISABLED',
    plugin: id,
    message: `The plugin "${id}" was asked before the call was cut off, and cannot be asked now; the call may have been paid.`,
    hint: `Enable the plugin "${id}" to take up what was paid, or make the call anew.`,
    mayBePaid: true,
  });
}

function noRoute({ registry: { table, plugins }, configuration }: RoutingWorld, model: Model): EaselError {
  const handled = [...table.keys()].sort();
  const asleep = plugins.find(({ manifest }) =>
    manifest.handles.some(({ type }) => type === model.pipelineType),
  );
  return new EaselError({
    code: 'ERR_NO_ROUTE',
    message: `No plugin handles the pipeline type "${model.pipelineType}" of the model "${model.id}"; handled are: ${handled.join(', ') || 'none'}.`,
    hint: asleep && sleepHint(asleep.manifest.id, configuration),
  });
}

/** A plugin that the configuration does not disable was disabled while the kernel ran. */
const sleepHint = (id: string, { plugins }: Configuration): string =>
  plugins[id]?.enabled === false
    ? `The plugin "${id}" would, and is disabled: see plugins.${id}.enabled in easel.config.json.`
    : `The plugin "${id}" would, and was disabled while Easel ran: enable it again, over HTTP with POST /api/admin/plugins/${id}/enable.`;
