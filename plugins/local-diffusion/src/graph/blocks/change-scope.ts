import type { Value } from '../builder.js';

/** What a change is computed with. */
export interface ChangeScope {
  /** Of the LoRA's tensors in the graph: no other layer and no other LoRA has it. */
  readonly name: string;
  /** [rows, columns], what the layer has without this change. A kernel's pixels are columns. */
  readonly weight: Value;
  readonly rows: number;
  readonly columns: number;
  /** Of the layer. 1 where it is not a convolution. */
  readonly kernelPixels: number;
  /**
   * float32 [1]: what the change is multiplied by. No run's constant, so that ONNX Runtime does not store the
   * whole change.
   */
  readonly factor: Value;
  /** float32 [1]: a 1 that is not a run's constant. */
  readonly one: Value;
}
