import type { HubSource, Model } from '@easel/plugin-sdk';
import type { Variant } from '../../model-files/choose-files.js';
import { formatHubReference, parseHubReference } from '../../model-files/hub-reference.js';
import { variantsOf } from '../../model-files/hub-variants.js';
import { installWhole } from '../../model-files/install-whole.js';
import { idOf, refuseId, writeEntry } from '../../model-files/own-entries.js';
import { recognize } from '../../model-files/recognize.js';
import { findModel } from '../../models/find-model.js';
import { formatBytes } from '../terminal/bytes.js';
import { exitStatus } from '../terminal/exit-status.js';
import { printJson, printLine, printNote } from '../terminal/output.js';
import { UsageError } from '../terminal/usage-error.js';
import { createDownloadDisplay } from './download-display.js';
import type { InstallFlags } from './flags.js';
import { type ModelCommandContext, openContext } from './open-context.js';

/** `easel models install`: fetches a model, and makes a catalogue entry for one that has none. */
export async function installModel(what: string, flags: InstallFlags): Promise<number> {
  if (flags.id !== undefined) refuseId(flags.id);
  const context = openContext(flags);
  const found = find(what, context);
  const { entry } = found;
  const { source, variant } = chooseVariant(found.source, flags.variant);
  if (entry?.licence !== undefined && !flags.json) printNote(`licence of the weights: ${entry.licence}`);
  const display = await createDownloadDisplay(flags.quiet || flags.json);
  const installed = await installWhole(source, context.hub, {
    variant,
    onProgress: display.show,
    onWaiting: () => printNote(`another install from ${source.repository} is running; waiting for it`),
  }).finally(display.stop);
  const id = entry?.id ?? (await addEntry(installed.source, installed.path, context, flags.id));
  const { path, bytes, commit } = installed;
  if (flags.json) printJson({ id, path, bytes, commit, source: installed.source });
  else {
    printLine(path);
    printNote(`${id} is installed (${formatBytes(bytes)}): easel generate "..." --model ${id}`);
  }
  return exitStatus.ok;
}

/** What people call a version of the weights: one that the entry names, or precision of a whole model. */
function chooseVariant(
  source: HubSource,
  name: string | undefined,
): { readonly source: HubSource; readonly variant?: Variant } {
  if (name === undefined) return { source };
  const own = variantsOf(source);
  const chosen = own.get(name);
  if (chosen) return { source: chosen };
  if (name === 'fp16' || name === 'bf16') return { source, variant: name };
  const names = ['fp16', 'bf16', ...own.keys()].join(', ');
  throw new UsageError(`there is no variant "${name}" of ${source.repository}; there may be ${names}`);
}

/** An id of the catalogue, or a reference; one that the catalogue knows is that entry's. */
function find(
  what: string,
  { catalogue }: ModelCommandContext,
): { source: HubSource; entry: Model | undefined } {
  const own = catalogue.models.get(what);
  if (own?.source.type === 'hub') return { source: own.source, entry: own };
  if (own) {
    throw new UsageError(
      `${what} needs no install: it is ${own.source.type === 'provider' ? "its provider's" : 'on this machine'}`,
    );
  }
  const source = parseHubReference(what);
  // Says which ids there are.
  if (!source) return { source: findModel(catalogue, what).source as HubSource, entry: undefined };
  return { source, entry: entryOf(source, catalogue) };
}

/** The entry of that source by itself, without parts of other repositories. */
function entryOf(source: HubSource, { models }: ModelCommandContext['catalogue']): Model | undefined {
  const reference = formatHubReference(source);
  return [...models.values()].find(
    ({ source: own }) => own.type === 'hub' && !own.parts && formatHubReference(own) === reference,
  );
}

async function addEntry(
  source: HubSource,
  path: string,
  { manifests, configuration, catalogue }: ModelCommandContext,
  wanted: string | undefined,
): Promise<string> {
  const known = entryOf(source, catalogue);
  if (known) return known.id;
  const name = source.file?.split('/').at(-1) ?? source.repository.split('/')[1]!;
  const short = idOf(name);
  const id = wanted ?? (catalogue.models.has(short) ? idOf(source.repository) : short);
  const { model: recognized } = await recognize(path, manifests);
  await writeEntry(configuration.storageFolder, { id, name, source, recognized });
  return id;
}
