/**
 * Where a tokenizer is read from: a folder of a checkpoint, or a vocabulary that comes with the engine, by
 * its name.
 */
export type TokenizerPlace = { readonly folder: string } | { readonly builtIn: string };
