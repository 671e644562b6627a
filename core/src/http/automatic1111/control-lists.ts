import { posix } from 'node:path';
import { TensorFileList } from '../../model-files/list-tensor-files.js';
import type { AvailableModel } from '../../models/available-models.js';

/** The version of the extension's API whose requests are read. */
const version = 3;
/** As diffusers calls the weights of a ControlNet in a folder of its own. */
const weightsOfFolder = 'diffusion_pytorch_model';

interface List {
  readonly summary: string;
  readonly list: () => object | Promise<object>;
}

/**
 * What clients of the extension sd-webui-controlnet ask for (its `scripts/api.py`): the ControlNets below the
 * model folders that models which can be used may take, by names that requests find them by. There are no
 * preprocessors but "none".
 */
export function controlLists(
  usable: () => readonly AvailableModel[],
  folders: readonly string[],
): Readonly<Record<string, List>> {
  const files = new TensorFileList();
  const names = async (): Promise<string[]> => {
    const endings = new Set(usable().flatMap(({ choices }) => choices.controlTensors));
    if (endings.size === 0) return [];
    const found = await files.list([...endings], { models: new Map(), folders });
    return found.map(nameOf);
  };
  const modules = ['none'];
  return {
    version: { summary: "Tells the version of the ControlNet extension's API.", list: () => ({ version }) },
    settings: {
      summary: 'Tells how many images one may be made after.',
      list: () => ({
        control_net_unit_count: Math.max(0, ...usable().map(({ supports }) => supports.control)),
      }),
    },
    model_list: {
      summary: 'Lists the ControlNets below `server.modelFolders`, by the names that requests give them.',
      list: async () => ({ model_list: await names() }),
    },
    module_list: {
      summary: 'Lists preprocessors: "none" alone.',
      list: () => ({ module_list: modules, module_detail: { none: { model_free: false, sliders: [] } } }),
    },
    control_types: {
      summary: 'Lists ControlNets and preprocessors by what they follow: all together.',
      list: async () => ({
        control_types: {
          All: {
            module_list: modules,
            model_list: ['None', ...(await names())],
            default_option: 'none',
            default_model: 'None',
          },
        },
      }),
    },
  };
}

/** A ControlNet in a folder of its own is called by the folder, which has its config. */
function nameOf({ name, path }: { readonly name: string; readonly path: string }): string {
  const { dir, name: file } = posix.parse(path);
  return dir !== '' && file.startsWith(weightsOfFolder) ? dir : name;
}
