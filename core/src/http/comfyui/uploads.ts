import { createHash } from 'node:crypto';
import type { InputImage } from '@easel/plugin-sdk';
import { extensionOf } from '../../results/destination.js';
import type { ServerContext } from '../server-context.js';

/** Names of files that one server remembers; the files themselves are kept as results are. */
const mostNames = 2_000;

const formats = ['png', 'jpeg', 'webp'] as const;

/** An image that a caller has sent, by the name that its graphs have for it. */
interface Upload {
  readonly caller: string;
  readonly path: string;
  /** Name in the store of results. */
  readonly stored: string;
}

/** What clients have sent to `/upload/image`, each caller's apart. */
export class Uploads {
  readonly #uploads = new Map<string, Upload>();
  readonly #results: ServerContext['results'];

  constructor(results: ServerContext['results']) {
    this.#results = results;
  }

  /**
   * Keeps an image under a name; where another one has it and may not be replaced, under the next that is
   * free, as ComfyUI does.
   *
   * @returns the name
   */
  async put(caller: string, { name, subfolder, bytes, mediaType, isReplacing }: NewUpload): Promise<string> {
    const stored = await this.#results.putBytes(bytes, mediaType);
    const dot = name.lastIndexOf('.') > 0 ? name.lastIndexOf('.') : name.length;
    let free = name;
    for (let count = 1; ; count++) {
      const found = this.#uploads.get(keyOf(caller, pathOf(free, subfolder)));
      if (!found || isReplacing || found.stored === stored) break;
      free = `${name.slice(0, dot)} (${count})${name.slice(dot)}`;
    }
    const path = pathOf(free, subfolder);
    const key = keyOf(caller, path);
    this.#uploads.delete(key);
    this.#uploads.set(key, { caller, path, stored });
    const [oldest] = this.#uploads.keys();
    if (this.#uploads.size > mostNames && oldest !== undefined) this.#uploads.delete(oldest);
    return free;
  }

  /** Names of a caller's files. */
  namesOf(caller: string): string[] {
    return [...this.#uploads.values()].filter((each) => each.caller === caller).map(({ path }) => path);
  }

  /**
   * A file as `LoadImage` names it: one that was sent, or with ` [output]` behind its name an image that was
   * made. Undefined: there is none.
   */
  async read(caller: string, file: string): Promise<InputImage | undefined> {
    const [, path = '', folder = 'input'] = /^(.*?)(?: \[(input|output|temp)\])?$/s.exec(file) ?? [];
    const upload = this.#uploads.get(keyOf(caller, path));
    const name = folder === 'input' ? upload?.stored : path;
    const bytes = name === undefined ? undefined : await this.#results.read(name);
    const format = formats.find((each) => name?.endsWith(extensionOf(`image/${each}`)));
    return bytes && format && { bytes: new Uint8Array(bytes), mediaType: `image/${format}` };
  }
}

export interface NewUpload {
  readonly name: string;
  readonly subfolder: string;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
  /** Whether it takes the place of another one of that name. */
  readonly isReplacing: boolean;
}

const pathOf = (name: string, subfolder: string): string => (subfolder ? `${subfolder}/${name}` : name);

/** A caller's name of a file, of whatever length. */
const keyOf = (caller: string, path: string): string =>
  createHash('sha256').update(`${caller}\n${path}`).digest('hex');
