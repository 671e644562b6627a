/**
 * The ONNX file format, as far as a graph needs it: a graph in, protobuf bytes out. Field numbers are those
 * of onnx/onnx.proto (ONNX 1.16).
 *
 * @module
 */
import type { Dimension } from '../dimension.js';
import {
  type Attribute,
  filePartOf,
  type Graph,
  type GraphNode,
  type Initializer,
  type Port,
} from '../graph.js';
import { elementTypes } from './element-types.js';
import { commonFolder, relativeLocation } from './external-files.js';
import { fieldNumbers as field } from './field-numbers.js';
import {
  writeBytes as bytes,
  writeFloat as float,
  writeInteger as integer,
  join,
  writeText as text,
} from './protobuf.js';

/** A graph as ONNX Runtime reads it. */
export interface EncodedGraph {
  /** A ModelProto; weights that lie in files stay there. */
  readonly model: Uint8Array;
  /**
   * What `model_external_initializers_file_folder_path` has to be: absolute path of the folder that all files
   * of weights lie under; empty where there are none.
   */
  readonly externalFolder: string;
}

/** `Version.IR_VERSION` that goes with ai.onnx 20. */
const irVersion = 9;
const attributeTypes = { float: 1, integer: 2, string: 3, integers: 7 } as const;
const externalData = 1;

/**
 * Encodes a graph.
 *
 * @throws ERR_MODEL_FILES_INVALID when its files lie on different drives
 * @throws Error for an initialiser that is stored in another type than it has: `withStoredWeights` comes
 * first
 */
export function encodeGraph(graph: Graph): EncodedGraph {
  const files = graph.initializers.flatMap((each) => filePartOf(each)?.file ?? []);
  const externalFolder = commonFolder(files);
  const model = join([
    integer(field.model.irVersion, irVersion),
    text(field.model.producer, 'easel'),
    bytes(field.model.graph, encodeParts(graph, externalFolder)),
    ...Object.entries(graph.operatorSets).map(([domain, version]) =>
      bytes(
        field.model.operatorSet,
        join([text(field.operatorSet.domain, domain), integer(field.operatorSet.version, version)]),
      ),
    ),
  ]);
  return { model, externalFolder };
}

const encodeParts = (graph: Graph, externalFolder: string): Uint8Array =>
  join([
    ...graph.nodes.map((node) => bytes(field.graph.node, encodeNode(node))),
    text(field.graph.name, graph.name),
    ...graph.initializers.map((each) =>
      bytes(field.graph.initializer, encodeInitializer(each, externalFolder)),
    ),
    ...graph.inputs.map((port) => bytes(field.graph.input, encodePort(port))),
    ...graph.outputs.map((port) => bytes(field.graph.output, encodePort(port))),
    ...valuesBetween(graph).map((port) => bytes(field.graph.value, encodePort(port))),
  ]);

/**
 * What nodes hand on, as far as its shape is known. ONNX Runtime gives a block of memory to the next value of
 * the same shape; where it has to infer shapes itself, it finds hardly any alike, and compares every value
 * with all blocks before it: opening a network of 2,000 nodes took seven times as long.
 */
function valuesBetween({ nodes, outputs, values }: Graph): readonly Port[] {
  const ends = new Set(outputs.map(({ name }) => name));
  const made = nodes.flatMap((node) => node.outputs).filter((name) => !ends.has(name));
  return made.flatMap((name) => {
    const type = values.get(name);
    return type ? [{ name, ...type }] : [];
  });
}

const encodeNode = (node: GraphNode): Uint8Array =>
  join([
    ...node.inputs.map((name) => text(field.node.input, name)),
    ...node.outputs.map((name) => text(field.node.output, name)),
    text(field.node.name, node.outputs[0] ?? ''),
    text(field.node.operator, node.operator),
    ...Object.entries(node.attributes).map(([name, value]) =>
      bytes(field.node.attribute, encodeAttribute(name, value)),
    ),
    text(field.node.domain, node.domain),
  ]);

function encodeAttribute(attribute: string, value: Attribute): Uint8Array {
  const { name, float: floatField, integer: integerField, string, integers, type } = field.attribute;
  const start = text(name, attribute);
  if (typeof value === 'number')
    return join([start, integer(integerField, value), integer(type, attributeTypes.integer)]);
  if (typeof value === 'string')
    return join([start, text(string, value), integer(type, attributeTypes.string)]);
  if ('encoded' in value) return value.encoded;
  if ('float' in value)
    return join([start, float(floatField, value.float), integer(type, attributeTypes.float)]);
  return join([
    start,
    ...value.map((each) => integer(integers, each)),
    integer(type, attributeTypes.integers),
  ]);
}

function encodeInitializer(initializer: Initializer, externalFolder: string): Uint8Array {
  const { name, type, shape, storage, data } = initializer;
  if (storage) throw new Error(`"${name}" is ${type}, and not stored as that`);
  if ('encoded' in data) return data.encoded;
  const start = [
    ...shape.map((dimension) => integer(field.tensor.dimension, dimension)),
    integer(field.tensor.type, elementTypes[type]),
    text(field.tensor.name, name),
  ];
  if (data instanceof Uint8Array) return join([...start, bytes(field.tensor.raw, data)]);
  const entries = {
    location: relativeLocation(externalFolder, data.file),
    offset: String(data.offset),
    length: String(data.length),
  };
  const { key: keyField, value: valueField } = field.entry;
  return join([
    ...start,
    ...Object.entries(entries).map(([key, value]) =>
      bytes(field.tensor.externalData, join([text(keyField, key), text(valueField, value)])),
    ),
    integer(field.tensor.dataLocation, externalData),
  ]);
}

function encodePort({ name, type, shape, encoded }: Port): Uint8Array {
  if (encoded) return encoded;
  const dimensions = shape.map((each) => bytes(field.shape.dimension, encodeDimension(each)));
  const tensorType = join([
    integer(field.tensorType.element, elementTypes[type]),
    bytes(field.tensorType.shape, join(dimensions)),
  ]);
  return join([
    text(field.port.name, name),
    bytes(field.port.type, bytes(field.portType.tensor, tensorType)),
  ]);
}

/** What is free in a formula is free for ONNX Runtime as a whole: the formula is its name. */
const encodeDimension = (dimension: Dimension): Uint8Array =>
  typeof dimension === 'number'
    ? integer(field.dimension.value, dimension)
    : text(field.dimension.name, String(dimension));
