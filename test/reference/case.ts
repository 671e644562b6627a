export type CaseOutcome = { readonly status: 'passed' | 'failed' | 'not-built'; readonly detail: string };
export interface ReferenceCase {
  readonly id: string;
  run(): Promise<CaseOutcome>;
}
export interface ReferenceKind {
  /** Sub-folder of the reference set, e.g. `c_models`. */ readonly folder: string;
  cases(folder: string): Promise<ReferenceCase[]>;
}
