import type { TensorFileList } from '../../model-files/list-tensor-files.js';
import { listLoras } from '../automatic1111/lists.js';
import type { ServerContext } from '../server-context.js';
import { type Input, type ListName, type NodeKind, nodeKinds } from './node-kinds.js';
import { samplersOf, schedulersOf } from './samplers.js';

export type Lists = Readonly<Record<ListName, readonly string[]>>;

/**
 * What the lists of nodes have: the models that can be used, LoRAs below the model folders, and what was
 * uploaded.
 */
export async function listsOf(
  { manager }: Pick<ServerContext, 'manager'>,
  loras: TensorFileList,
  files: readonly string[],
): Promise<Lists> {
  const usable = manager.getAvailableModels().filter(({ available }) => available);
  const { modelFolders: folders } = manager.configuration.server;
  return {
    models: usable.flatMap(({ id, aliases = [] }) => [id, ...aliases]),
    loras: (await listLoras(loras, usable, folders)).map(({ name }) => name),
    samplers: samplersOf(usable),
    schedulers: schedulersOf(usable),
    files,
  };
}

export const optionsOf = (list: ListName | readonly string[], lists: Lists): readonly string[] =>
  typeof list === 'string' ? lists[list] : list;

function specOf(name: string, input: Input, lists: Lists): readonly unknown[] {
  if (input.type === 'COMBO') {
    const isUpload = input.list === 'files';
    return [optionsOf(input.list, lists), isUpload ? { image_upload: true } : {}];
  }
  if ('default' in input) {
    const { type, ...range } = input;
    return [type, type === 'STRING' ? { ...range, multiline: name === 'text' } : range];
  }
  return [input.type];
}

const specsOf = (inputs: Readonly<Record<string, Input>>, lists: Lists) =>
  Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, specOf(name, input, lists)]));

function describeKind(name: string, kind: NodeKind, lists: Lists): object {
  const { required, optional = {}, output, category, isOutput = false } = kind;
  return {
    input: { required: specsOf(required, lists), optional: specsOf(optional, lists) },
    input_order: { required: Object.keys(required), optional: Object.keys(optional) },
    output,
    output_is_list: output.map(() => false),
    output_name: output,
    name,
    display_name: name,
    description: '',
    python_module: 'nodes',
    category,
    output_node: isOutput,
  };
}

/** The kinds of nodes as ComfyUI tells them, by their names. */
export const objectInfo = (lists: Lists): Readonly<Record<string, object>> =>
  Object.fromEntries(
    Object.entries(nodeKinds).map(([name, kind]) => [name, describeKind(name, kind, lists)]),
  );
