export type CaseOutcome = { readonly status: 'passed' | 'failed' | 'not-built'; readonly detail: string };
export interface ReferenceCase {
  readonly id: string;
  run(): Promise<CaseOutcome>;
}
export interface ReferenceKind {
  /** Sub-folder of the reference set, e.g. `c_models`. */ readonly folder: string;
  cases(folder: string): Promise<ReferenceCase[]>;
}

/**
 * Why cases are not compared in which diffusers adds a mask of 0 and 1 to scores, so that nothing is hidden
 * (its issue 12116).
 */
export const additiveMask = 'a mask that is added, as the library does: padding would be seen';
