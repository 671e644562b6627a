import type { FoundNode, NodeReader } from './node-reader.js';
import { readEncoder } from './read-model.js';

/** What a conditioning says. */
export interface ReadConditioning {
  readonly text: string;
  /** The node with the text. */
  readonly node: FoundNode;
  readonly skipped: ReturnType<typeof readEncoder>['skipped'];
  /** Whether it is for a model that has its guidance as an input. */
  readonly hasGuidanceInput: boolean;
  /** The node with that guidance. Absent: there is none. */
  readonly guidance?: FoundNode;
}

/** Follows a conditioning to its text. */
export function readConditioning(reader: NodeReader, user: FoundNode, input: string): ReadConditioning {
  let guidance: FoundNode | undefined;
  let isZero = false;
  let node = reader.from(user, input);
  while (node.class_type === 'FluxGuidance' || node.class_type === 'ConditioningZeroOut') {
    if (node.class_type === 'FluxGuidance') guidance ??= node;
    else isZero = true;
    node = reader.from(node, 'conditioning');
  }
  const { skipped, hasGuidanceInput } = readEncoder(reader, node);
  return {
    text: isZero ? '' : reader.text(node, 'text'),
    ...{ node, skipped, hasGuidanceInput },
    ...(guidance ? { guidance } : {}),
  };
}
