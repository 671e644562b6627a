import type { SeenRequest } from '@easel/plugin-sdk/emulator';

/** What a request has: fields, and images out of a form or of data URIs. */
export interface Inputs {
  readonly isForm: boolean;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly images: readonly Buffer[];
  readonly mask?: Buffer;
}

/** Undefined: it is neither JSON nor a form. */
export async function readInputs(
  { json, body, headers }: SeenRequest,
  imageFields: readonly string[],
): Promise<Inputs | undefined> {
  const type = headers['content-type'] ?? '';
  if (type.startsWith('multipart/form-data')) return await readForm(body, type);
  if (typeof json !== 'object' || json === null) return undefined;
  return imagesOf(json as Record<string, unknown>, imageFields);
}

/** The images that stand as data URIs in fields. */
export function imagesOf(fields: Readonly<Record<string, unknown>>, imageFields: readonly string[]): Inputs {
  const images = imageFields.flatMap((name) => [fields[name] ?? []].flat()).map(fromDataUri);
  return { isForm: false, fields, images };
}

async function readForm(body: Buffer, type: string): Promise<Inputs> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
  const fields: Record<string, unknown> = {};
  const images: Buffer[] = [];
  let mask: Buffer | undefined;
  for (const [name, value] of form) {
    if (typeof value === 'string') fields[name] = value;
    else if (name === 'mask') mask = Buffer.from(await value.arrayBuffer());
    else images.push(Buffer.from(await value.arrayBuffer()));
  }
  return { isForm: true, fields, images, ...(mask ? { mask } : {}) };
}

const fromDataUri = (image: unknown): Buffer => {
  const { url, image_url: other = url } = image as { url?: unknown; image_url?: unknown };
  const text = typeof image === 'string' ? image : String(other);
  return Buffer.from(text.replace(/^data:[^,]*,/, ''), 'base64');
};
