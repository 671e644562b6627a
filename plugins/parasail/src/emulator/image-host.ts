import type { Answer } from '@easel/plugin-sdk/emulator';

/**
 * Where images lie that answers name by their addresses, as those of `response_format: "url"` do. No key is
 * asked for.
 */
export class ImageHost {
  readonly #images: Buffer[] = [];
  readonly #url: () => string;
  /** Whether answers name addresses, whatever they were asked for. */
  isUsed = false;

  /** @param url of the server */
  constructor(url: () => string) {
    this.#url = url;
  }

  /** An image as an answer has it. */
  readonly write = (image: Buffer): { readonly b64_json: string } | { readonly url: string } => {
    if (!this.isUsed) return { b64_json: image.toString('base64') };
    return { url: `${this.#url()}/images/${this.#images.push(image) - 1}.png?signature=canary` };
  };

  read(path: string): Answer {
    const body = this.#images[Number(/^\/images\/(\d+)\.png$/.exec(path)?.[1])];
    return body ? { status: 200, headers: { 'content-type': 'image/png' }, body } : { status: 404 };
  }
}
