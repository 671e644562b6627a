/** Answers of the doors, as far as tests read them. */
export interface TestWarning {
  readonly code: string;
  readonly parameter?: string;
  readonly message: string;
}

export interface OpenAiAnswer {
  readonly data: readonly { readonly b64_json?: string; readonly url?: string }[];
  readonly easel: { readonly warnings: readonly TestWarning[] };
}

export interface AutomaticAnswer {
  readonly images: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
  /** JSON. */
  readonly info: string;
}
