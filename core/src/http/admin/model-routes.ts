import { stat, statfs } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import type { Model } from '@easel/plugin-sdk';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { discoverPlugins } from '../../kernel/manifest/discover.js';
import { modelFilesBelow } from '../../model-files/below-folder.js';
import { readHubSettings } from '../../model-files/hub-settings.js';
import { importFiles } from '../../model-files/import-files.js';
import { sizeOf } from '../../model-files/installed-size.js';
import { type InstalledVersion, installedVersions } from '../../model-files/installed-versions.js';
import { machineMemory } from '../../model-files/machine-memory.js';
import type { ModelBin } from '../../model-files/model-bin.js';
import { listVersions } from '../../model-files/model-versions.js';
import { ownEntries } from '../../model-files/own-entries.js';
import { readCatalogue } from '../../models/catalogue.js';
import { findModel } from '../../models/find-model.js';
import { sdkVersion } from '../../version.js';
import { HttpError } from '../errors.js';
import { addOperation, type Operation } from '../operation.js';
import { parseBody } from '../parse-body.js';
import type { ServerContext } from '../server-context.js';
import { textFor } from '../server-paths.js';

type ById = { Params: { id: string } };

export const importSchema = z.strictObject({
  path: z
    .string()
    .max(4_096)
    .refine(isAbsolute, 'must be an absolute path')
    .describe('Folder or file on the machine of the server.'),
});

const admin = { tag: 'Administration', scope: 'admin' } as const;

const operations = {
  list: {
    ...admin,
    method: 'GET',
    path: '/api/admin/models',
    summary:
      'Lists where models lie, what they take on the disk, their licences, and those that were removed.',
    answer: 'modelFiles',
  },
  versions: {
    ...admin,
    method: 'GET',
    path: '/api/admin/models/:id/versions',
    summary: 'Asks the hub how large a model and its smaller versions are; nothing is fetched.',
    answer: 'modelVersions',
  },
  remove: {
    ...admin,
    method: 'DELETE',
    path: '/api/admin/models/:id',
    summary:
      'Removes an installed model, or the entry of an imported one. It can be had back for 10 minutes.',
    answer: 'removedModel',
  },
  restore: {
    ...admin,
    method: 'POST',
    path: '/api/admin/models/:id/restore',
    summary: 'Has a removed model back.',
    answer: 'restoredModel',
  },
  import: {
    ...admin,
    method: 'POST',
    path: '/api/admin/models/import',
    summary: "Makes catalogue entries for the models of a folder on the server's machine; nothing is copied.",
    body: importSchema,
    example: { path: '/models/checkpoints' },
    answer: 'importedModels',
  },
} as const satisfies Record<string, Operation>;

/** `/api/admin/models`: the files of models, on this machine and on the hub. */
export const modelRoutes =
  ({ manager }: Pick<ServerContext, 'manager'>, bin: ModelBin) =>
  async (server: FastifyInstance) => {
    addOperation(server, operations.list, async () => {
      const { storageFolder } = manager.configuration;
      const { models } = readCatalogue(manager.configuration);
      const entries = ownEntries(storageFolder);
      const { cacheFolder } = readHubSettings();
      const described = [...models.values()].map((model) =>
        describeFiles(model, cacheFolder, entries.has(model.id)),
      );
      return {
        memoryBytes: machineMemory(),
        freeBytes: await freeBytesAt(cacheFolder),
        models: await Promise.all(described),
        removed: (await bin.list()).map(toldOf),
      };
    });

    addOperation<ById>(server, operations.versions, async ({ params: { id } }) => {
      const { source } = findModel(readCatalogue(manager.configuration), id);
      if (source.type !== 'hub')
        throw new HttpError(409, 'nothing_to_install', `The model "${id}" needs no install.`);
      return { versions: await listVersions(source, readHubSettings(), machineMemory()) };
    });

    addOperation<ById>(server, operations.remove, async ({ params: { id } }) => {
      const removed = await bin.remove(findModel(readCatalogue(manager.configuration), id));
      manager.refreshModels();
      return toldOf(removed);
    });

    addOperation<ById>(server, operations.restore, async ({ params: { id } }) => {
      const isBack = await bin.restore(id);
      if (!isBack)
        throw new HttpError(
          404,
          'not_removed',
          `"${id.slice(0, 100)}" was not removed, or its time to be had back is over.`,
        );
      manager.refreshModels();
      return { success: true, id };
    });

    addOperation(server, operations.import, async (request) => {
      const { path } = parseBody(importSchema, request.body);
      if (!(await stat(path).catch(() => undefined)))
        throw new HttpError(400, 'path_not_found', 'path: there is no such file or folder on the server.', {
          param: 'path',
        });
      const { configuration } = manager;
      const files = await modelFilesBelow(path);
      const found = await importFiles(files.length > 0 ? files : [path], {
        manifests: discoverPlugins(configuration, sdkVersion).plugins.map(({ manifest }) => manifest),
        catalogue: readCatalogue(configuration),
        storageFolder: configuration.storageFolder,
      });
      manager.refreshModels();
      return {
        files: found.map((file) => ({
          ...file,
          path: textFor(file.path, request),
          ...(file.note === undefined ? {} : { note: textFor(file.note, request) }),
        })),
      };
    });
  };

async function describeFiles(model: Model, cacheFolder: string, hasOwnEntry: boolean) {
  const { id, licence, source } = model;
  const isHub = source.type === 'hub';
  const [installed] = isHub ? installedVersions(source, cacheFolder) : [];
  const path = 'path' in source ? source.path : installed && wholePath(installed);
  return {
    id,
    source: source.type,
    ...(licence === undefined ? {} : { licence }),
    ...(isHub ? { repository: source.repository, gated: source.gated ?? false } : {}),
    ...(installed?.variant === undefined ? {} : { variant: installed.variant }),
    ...(path === undefined ? {} : { bytes: await sizeOf(path) }),
    removable: installed !== undefined || hasOwnEntry,
  };
}

/** A file that has parts lies with them in a folder of its own. */
const wholePath = ({ source, path }: InstalledVersion): string =>
  source.parts && source.parts.length > 0 ? dirname(path) : path;

const toldOf = ({ model: { id, name }, until }: Awaited<ReturnType<ModelBin['list']>>[number]) => ({
  ...{ id, name },
  until: new Date(until).toISOString(),
});

/** Of the disk that a folder will be on, which need not be there yet. */
async function freeBytesAt(folder: string): Promise<number> {
  const disk = await statfs(folder).catch(() => undefined);
  if (disk) return disk.bavail * disk.bsize;
  return dirname(folder) === folder ? 0 : await freeBytesAt(dirname(folder));
}
