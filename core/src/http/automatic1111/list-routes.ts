import type { FastifyInstance } from 'fastify';
import { TensorFileList } from '../../model-files/list-tensor-files.js';
import { addOperation } from '../operation.js';
import type { ServerContext } from '../server-context.js';
import { controlLists } from './control-lists.js';
import { listLoras, listModels, listSamplers, listSchedules, memoryOf, upscalers } from './lists.js';

const automatic = { tag: 'Automatic1111', failure: 'automaticFailed' } as const;
const read = { ...automatic, method: 'GET', scope: 'read', answer: 'automaticList' } as const;

/**
 * Lists of what Easel has none of: clients read them before they ask for images, and show nothing of the
 * kind.
 */
const empty: Readonly<Record<string, { readonly summary: string; readonly value: object }>> = {
  'latent-upscale-modes': { summary: 'Lists ways to enlarge latents: none.', value: [] },
  'sd-vae': { summary: 'Lists autoencoders: none; `provider_options` name them.', value: [] },
  'sd-modules': { summary: 'Lists modules of Forge: none.', value: [] },
  hypernetworks: { summary: 'Lists hypernetworks: none.', value: [] },
  'face-restorers': { summary: 'Lists programs that restore faces: none.', value: [] },
  'realesrgan-models': { summary: 'Lists models of Real-ESRGAN: none.', value: [] },
  'prompt-styles': { summary: 'Lists styles: none.', value: [] },
  'script-info': { summary: 'Lists what scripts take: there are none.', value: [] },
  extensions: { summary: 'Lists extensions: none.', value: [] },
  scripts: { summary: 'Lists scripts: none.', value: { txt2img: [], img2img: [] } },
  embeddings: { summary: 'Lists embeddings: none.', value: { loaded: {}, skipped: {} } },
  'cmd-flags': { summary: 'Lists the flags of the command line.', value: { api: true } },
};

/** The lists that Automatic1111's clients read before they ask for images. */
export const automaticListRoutes =
  ({ manager }: ServerContext) =>
  async (server: FastifyInstance) => {
    const usable = () => manager.getAvailableModels().filter(({ available }) => available);
    const addAt = (path: string, summary: string, list: () => object | Promise<object>) =>
      addOperation(server, { ...read, path, summary }, async () => list());
    const add = (name: string, summary: string, list: () => object | Promise<object>) =>
      addAt(`/sdapi/v1/${name}`, summary, list);

    add('sd-models', 'Lists the models that can be used.', () => listModels(usable()));
    add('samplers', 'Lists the samplers of the models that can be used.', () => listSamplers(usable()));
    add('schedulers', 'Lists the schedules that go with some of the samplers.', () =>
      listSchedules(usable()),
    );
    const loras = new TensorFileList();
    add('loras', 'Lists the LoRAs below `server.modelFolders`, by the names that prompts give them.', () =>
      listLoras(loras, usable(), manager.configuration.server.modelFolders),
    );
    const controlNets = controlLists(usable, manager.configuration.server.modelFolders);
    for (const [name, { summary, list }] of Object.entries(controlNets))
      addAt(`/controlnet/${name}`, summary, list);
    add('upscalers', 'Lists ways to enlarge images.', () => upscalers);
    add('memory', "Tells the machine's memory.", memoryOf);
    for (const [name, { summary, value }] of Object.entries(empty)) add(name, summary, () => value);

    // What is listed is always as it is now.
    for (const name of ['checkpoints', 'vae', 'loras', 'embeddings'])
      addOperation(
        server,
        {
          ...automatic,
          method: 'POST',
          scope: 'read',
          path: `/sdapi/v1/refresh-${name}`,
          summary: 'Does nothing: lists are always as things are now.',
          answer: 'automaticNothing',
        },
        async () => ({}),
      );
  };
