import type { Manifest, Model } from '@easel/plugin-sdk';
import type { GuardedPlugin } from '../kernel/guard/guarded-plugin.js';
import type { RoutingTable } from '../kernel/registry/routing-table.js';
import { isInstalled } from '../model-files/resolve-source.js';
import type { Catalogue } from './catalogue.js';

export interface AvailableModel
  extends Pick<Model, 'id' | 'name' | 'description' | 'sameAs' | 'pipelineType' | 'defaults' | 'supports'> {
  /**
   * Whether it is installed, and a plugin that has its secrets handles its pipeline type, or the fallback's.
   */
  readonly available: boolean;
  /** Whether its files are on this machine, or need not be. */
  readonly installed: boolean;
  /** Whether the model lies with its provider. */
  readonly isHosted: boolean;
  /** Id of the plugin that is asked first. Absent: there is none. */
  readonly plugin?: string;
  /**
   * What its plugin says of requests to it: samplers and schedules that people can choose, options that other
   * APIs can set, tags of prompts, and how ControlNets for it are known.
   */
  readonly choices: Pick<
    Manifest['handles'][number],
    'samplers' | 'schedules' | 'sharedOptions' | 'controlTensors'
  > &
    Pick<Manifest, 'promptTags'>;
  /** Other names that requests may give it. Absent: none. */
  readonly aliases?: readonly string[];
  /** Environment variables that its plugin needs and that are not set. Absent: none. */
  readonly missingSecrets?: readonly string[];
  /** Whether requests without a model go to it. */
  readonly current: boolean;
}

/** Whether a request that names a model so means this one. */
export const isNamed = (
  { id, aliases }: Pick<AvailableModel, 'id' | 'aliases'>,
  name: string | undefined,
): boolean => id === name || (name !== undefined && aliases?.includes(name) === true);

/** What models are told apart by. */
export type ModelNames = Pick<AvailableModel, 'id' | 'aliases' | 'pipelineType'>;

/**
 * The catalogue as callers see it, in its own order.
 *
 * @param isWanted of whom more is looked at: whether a model is installed, only the disk knows
 */
export function listModels(
  catalogue: Catalogue,
  table: RoutingTable,
  fallbackPipelineType: string | undefined,
  currentModel: string | undefined,
  isWanted: (model: ModelNames) => boolean,
): AvailableModel[] {
  const aliasesById = new Map<string, string[]>();
  for (const [alias, id] of catalogue.aliases) aliasesById.set(id, [...(aliasesById.get(id) ?? []), alias]);
  const aliasesOf = (id: string) => aliasesById.get(id) ?? [];
  const wanted = [...catalogue.models.values()].filter(({ id, pipelineType }) =>
    isWanted({ id, pipelineType, aliases: aliasesOf(id) }),
  );
  return wanted.map((model) => {
    const { id, name, description, pipelineType, defaults, supports, secrets } = model;
    const candidates =
      table.get(pipelineType) ?? (fallbackPipelineType ? table.get(fallbackPipelineType) : undefined);
    const missingOf = ({ supervisor }: GuardedPlugin) => supervisor.missingSecretsWith(secrets);
    const first = candidates?.find((candidate) => missingOf(candidate).length === 0) ?? candidates?.[0];
    const plugin = first?.manifest.id;
    const missingSecrets = first ? missingOf(first) : [];
    const handled = first?.manifest.handles.find(({ type }) => type === pipelineType);
    const { samplers = [], schedules = [], sharedOptions = [], controlTensors = [] } = handled ?? {};
    const installed = isInstalled(model);
    const aliases = aliasesOf(id);
    const available = installed && first !== undefined && missingSecrets.length === 0;
    return {
      id,
      name,
      description,
      ...(model.sameAs === undefined ? {} : { sameAs: model.sameAs }),
      pipelineType,
      defaults,
      supports,
      available,
      installed,
      isHosted: model.source.type === 'provider',
      choices: {
        samplers: supports.sampler ? samplers : [],
        schedules,
        sharedOptions,
        controlTensors: supports.control > 0 ? controlTensors : [],
        promptTags: first?.manifest.promptTags ?? [],
      },
      ...(aliases.length === 0 ? {} : { aliases }),
      ...(plugin ? { plugin } : {}),
      ...(missingSecrets.length === 0 ? {} : { missingSecrets }),
      current: id === currentModel,
    };
  });
}
