import type { InputImage } from '@easel/plugin-sdk';

/** An image by the name that a node has for it. Undefined: there is none. */
export type FindFile = (name: string) => Promise<InputImage | undefined>;
