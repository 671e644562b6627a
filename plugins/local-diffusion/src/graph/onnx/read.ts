/**
 * Reads ONNX files that others have exported, so that the passes for our own graphs work on them. Whatever no
 * pass looks at is kept as it stands in the file: attributes that hold tensors or graphs, ports, initialisers
 * in typed fields.
 *
 * @module
 */
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Dimension } from '../dimension.js';
import {
  type Attribute,
  type ElementType,
  elementBytes,
  elementsIn,
  type Graph,
  type GraphNode,
  type Initializer,
  type Port,
} from '../graph.js';
import { elementTypes } from './element-types.js';
import { fieldNumbers } from './field-numbers.js';
import { type ProtobufField, readFields, readInteger, readIntegers, readText } from './protobuf.js';

/** Where a model was read from. */
export interface ModelFile {
  /** Absolute, without symbolic links. */
  readonly folder: string;
  readonly name: string;
}

/** Elements in the file itself stay there from so many bytes on. */
const smallestPart = 1024;

/**
 * Reads a ModelProto. Its weights stay in their files, those that lie in the model's own file too.
 *
 * @param file that the bytes are the whole of
 * @returns a graph that says no types of what its nodes make
 * @throws Error for bytes that are not an ONNX file, for element types without whole bytes, for functions and
 * sparse initialisers, and for weights outside of the file's folder
 */
export function readModel(bytes: Uint8Array, file: ModelFile): Graph {
  const { model: fields, graph: parts } = fieldNumbers;
  const model = new Message(bytes);
  const graph = new Message(model.bytesOf(fields.graph) ?? new Uint8Array());
  if (model.all(fields.functions).length > 0) throw new Error('it has functions of its own');
  if (graph.all(parts.sparseInitializer).length > 0) throw new Error('it has sparse initialisers');
  const startsAt = bytes.byteOffset;
  return {
    name: graph.textOf(parts.name) ?? '',
    nodes: graph.all(parts.node).map(({ content }) => readNode(content)),
    initializers: graph.all(parts.initializer).map(({ content }) => readInitializer(content, file, startsAt)),
    inputs: graph.all(parts.input).map(({ content }) => readPort(content)),
    outputs: graph.all(parts.output).map(({ content }) => readPort(content)),
    operatorSets: Object.fromEntries(
      model.all(fields.operatorSet).map(({ content }) => {
        const set = new Message(content);
        const { domain, version } = fieldNumbers.operatorSet;
        return [set.textOf(domain) ?? '', set.integerOf(version) ?? 0];
      }),
    ),
    values: new Map(),
  };
}

/** The fields of a message, by their numbers. */
class Message {
  readonly #fields: readonly ProtobufField[];

  constructor(bytes: Uint8Array) {
    this.#fields = readFields(bytes);
  }

  all(number: number): readonly ProtobufField[] {
    return this.#fields.filter(({ field }) => field === number);
  }

  bytesOf(number: number): Uint8Array | undefined {
    return this.all(number).at(-1)?.content;
  }

  textOf(number: number): string | undefined {
    const bytes = this.bytesOf(number);
    return bytes && readText(bytes);
  }

  integerOf(number: number): number | undefined {
    const bytes = this.bytesOf(number);
    return bytes && readInteger(bytes);
  }
}

function readNode(bytes: Uint8Array): GraphNode {
  const { input, output, operator, attribute, domain, overload } = fieldNumbers.node;
  const node = new Message(bytes);
  if (node.textOf(overload)) throw new Error(`it has overloads of ${node.textOf(operator)}`);
  return {
    operator: node.textOf(operator) ?? '',
    domain: node.textOf(domain) ?? '',
    inputs: node.all(input).map(({ content }) => readText(content)),
    outputs: node.all(output).map(({ content }) => readText(content)),
    attributes: Object.fromEntries(node.all(attribute).map(({ content }) => readAttribute(content))),
  };
}

function readAttribute(bytes: Uint8Array): [string, Attribute] {
  const { name, type, float, integer, integers, string } = fieldNumbers.attribute;
  const attribute = new Message(bytes);
  const kind = attribute.integerOf(type);
  const whole = readIntegers(kind === 7 ? attribute.all(integers) : attribute.all(integer));
  const areExact = whole.every(Number.isSafeInteger);
  const single = attribute.bytesOf(float);
  const read = (): Attribute | undefined => {
    if (kind === 1 && single?.length === 4) return { float: Buffer.from(single).readFloatLE() };
    if (kind === 2 && areExact) return whole[0];
    if (kind === 3) return attribute.textOf(string);
    return kind === 7 && areExact ? whole : undefined;
  };
  return [attribute.textOf(name) ?? '', read() ?? { encoded: bytes }];
}

function readInitializer(bytes: Uint8Array, file: ModelFile, startsAt: number): Initializer {
  const { dimension, type: typeField, name: nameField, raw, externalData } = fieldNumbers.tensor;
  const tensor = new Message(bytes);
  const name = tensor.textOf(nameField) ?? '';
  const type = typeOf(tensor.integerOf(typeField) ?? 0, name);
  const shape = readIntegers(tensor.all(dimension));
  const length = elementsIn(shape) * elementBytes[type];
  const entries = tensor.all(externalData).map(({ content }): [string, string] => {
    const entry = new Message(content);
    const { key, value } = fieldNumbers.entry;
    return [entry.textOf(key) ?? '', entry.textOf(value) ?? ''];
  });
  const within = tensor.bytesOf(raw);
  if (entries.length > 0) {
    const { location = '', offset = '0' } = Object.fromEntries(entries);
    return { name, type, shape, data: { file: pathOf(location, file), offset: Number(offset), length } };
  }
  if (!within || within.length !== length) return { name, type, shape, data: { encoded: bytes } };
  if (length < smallestPart) return { name, type, shape, data: within };
  const offset = within.byteOffset - startsAt;
  return { name, type, shape, data: { file: join(file.folder, file.name), offset, length } };
}

/** @throws Error for a file that is not below the model's folder: it would be somebody else's */
function pathOf(location: string, { folder }: ModelFile): string {
  const path = join(folder, location);
  const below = relative(folder, path);
  if (isAbsolute(location) || below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below))
    throw new Error(`its weights lie outside of its folder, in ${location}`);
  return path;
}

function readPort(bytes: Uint8Array): Port {
  const port = new Message(bytes);
  const name = port.textOf(fieldNumbers.port.name) ?? '';
  const type = new Message(port.bytesOf(fieldNumbers.port.type) ?? new Uint8Array());
  const tensorBytes = type.bytesOf(fieldNumbers.portType.tensor);
  if (!tensorBytes) throw new Error(`"${name}" is not a tensor`);
  const tensor = new Message(tensorBytes);
  const shape = new Message(tensor.bytesOf(fieldNumbers.tensorType.shape) ?? new Uint8Array());
  return {
    name,
    type: typeOf(tensor.integerOf(fieldNumbers.tensorType.element) ?? 0, name),
    shape: shape.all(fieldNumbers.shape.dimension).map(({ content }, axis) => readDimension(content, axis)),
    encoded: bytes,
  };
}

function readDimension(bytes: Uint8Array, axis: number): Dimension {
  const dimension = new Message(bytes);
  const { value, name } = fieldNumbers.dimension;
  return dimension.integerOf(value) ?? dimension.textOf(name) ?? `dimension ${axis}`;
}

function typeOf(number: number, name: string): ElementType {
  const type = (Object.keys(elementTypes) as ElementType[]).find((each) => elementTypes[each] === number);
  if (!type) throw new Error(`"${name}" has the element type ${number}, which is not known`);
  return type;
}
