import type { GenerationRequest } from '@easel/plugin-sdk';

/** How a server takes the width and height of an image. */
export type SizeFields =
  /** One field `size`, `1024x768`. */
  | { readonly kind: 'size' }
  /** Two fields `width` and `height`. */
  | { readonly kind: 'edges' }
  /** A shape of a list, and the length of a side by name. */
  | {
      readonly kind: 'ratio';
      /** Of width to height, `16:9`. */
      readonly ratios: readonly string[];
      /** Pixels that a square has along its side, by the value of `resolution`. */
      readonly resolutions: Readonly<Record<string, number>>;
    };

/** How a server takes the images that an edit starts from. */
export interface EditForm {
  /** Below the base URL. */
  readonly path: string;
  /** A form (multipart/form-data), or JSON with data URIs. */
  readonly encoding: 'form' | 'json';
  /** Name of the field for one image; a form repeats it for each. */
  readonly imageField: string;
  /**
   * Name of the field for a list of several, in JSON; that of one image, if one is a list, too. Absent: it
   * takes one image.
   */
  readonly imagesField?: string;
  /** Models that take one image, in a field of its own, by their names. Absent: none. */
  readonly oneImage?: { readonly models: RegExp; readonly field: string };
  /**
   * How JSON has an image: `{ url, type }` or `{ image_url }` with the data URI. Absent: as text, the data URI.
   */
  readonly imageShape?: 'text' | 'url-object' | 'image-url-object';
  /**
   * Where it is painted anew: where the mask is transparent, as OpenAI has it, or where it is white. Absent:
   * it takes no mask.
   */
  readonly mask?: 'transparent' | 'white';
}

/** A field of the contract or an option of the plugin that servers have different names for. */
export type NamedField =
  | 'seed'
  | 'steps'
  | 'guidanceScale'
  | 'negativePrompt'
  | 'outputFormat'
  | 'strength'
  | 'quality'
  | 'background'
  | 'moderation'
  | 'outputCompression'
  | 'inputFidelity'
  | 'style'
  | 'safetyIdentifier';

/** A server that speaks OpenAI's images API, in its own way: data, no code. */
export interface Server {
  /** What people read. */
  readonly name: string;
  /** With the version. Absent: it is wherever the operator has it. */
  readonly baseUrl?: string;
  /**
   * Its key. Absent: it asks for none, and is sent `OPENAI_COMPATIBLE_API_KEY` where that is named as the
   * server's.
   */
  readonly secret?: string;
  /** How the key is sent. Absent: `Authorization: Bearer`. */
  readonly keyHeader?: 'api-key';
  /** Below the base URL. Absent: `/images/generations`. */
  readonly generatePath?: string;
  /** Absent: it edits no images. */
  readonly edit?: EditForm;
  readonly size: SizeFields;
  /** Value of `response_format` with which images come as base64. Absent: it has no such field. */
  readonly responseFormat?: 'b64_json' | 'base64';
  /**
   * Formats that it makes, where it is asked for one. Another is converted here from the first of them.
   * Absent: all that a call may ask for.
   */
  readonly formats?: readonly GenerationRequest['outputFormat'][];
  /** Images that one request may ask for by `n`. Absent: one, and there is no such field. */
  readonly images?: number;
  /** Whether it sends unfinished images: `stream` and `partial_images`. Absent: no. */
  readonly streams?: boolean;
  /** Whether requests may be handed in as a file, and are made within a day for less: its batches. */
  readonly batches?: {
    /** How the lines of such a file have the images that an edit starts from. */
    readonly edit: EditForm & { readonly encoding: 'json' };
  };
  /** Names of its fields. One that is not here has no effect, and is told. */
  readonly fields: Readonly<Partial<Record<NamedField, string>>>;
}
