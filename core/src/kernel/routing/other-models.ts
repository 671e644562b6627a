import type { Model, ValidImageRequest } from '@easel/plugin-sdk';
import type { Configuration } from '../../config/configuration.js';
import type { Catalogue } from '../../models/catalogue.js';

export interface OtherModels {
  /** Entries of the same model at other providers. */
  readonly same: readonly Model[];
  /** Models that may take over, by the configuration. */
  readonly fallbacks: readonly Model[];
  /** Whether the request names what several entries have in common, and so asks for none of them. */
  readonly isShared: boolean;
}

/**
 * Which models of the catalogue may make the images of a request besides the one that was found for it. The
 * same model at other providers counts where the request names it by the name that they share, or says whom
 * it prefers; a request for one of them by its own id goes to that one.
 */
export function otherModels(
  { catalogue, configuration }: { readonly catalogue: Catalogue; readonly configuration: Configuration },
  { model: name, prefer, fallback }: ValidImageRequest,
  model: Model,
): OtherModels {
  const find = (id: string) => (id === model.id ? [] : (catalogue.models.get(id) ?? []));
  const isShared = name !== undefined && name === model.sameAs && !catalogue.models.has(name);
  const isWide = isShared || prefer !== undefined;
  const same = isWide ? (catalogue.groups.get(model.sameAs ?? '') ?? []).flatMap(find) : [];
  const fallbacks = fallback === 'any' ? (configuration.fallbacks[model.id] ?? []).flatMap(find) : [];
  return { same, fallbacks: fallbacks.filter((other) => !same.includes(other)), isShared };
}
