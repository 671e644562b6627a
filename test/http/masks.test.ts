import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { AutomaticAnswer, OpenAiAnswer } from './answers.js';
import { type Colour, colours, columnsOf, halves, onItsSide, startMaskServer } from './masked-images.js';
import { jsonOf, type TestServer } from './server.js';

const { red, white, black, clear, clearWhite, opaqueBlack, opaqueWhite } = colours;
const [isRed, isBlue] = ['ff0000', '0000ff'];
const leftPainted = [isBlue, isBlue, isRed, isRed];
const rightPainted = [isRed, isRed, isBlue, isBlue];

async function edit(server: TestServer, mask: Buffer, more: Record<string, string> = {}) {
  const form = new FormData();
  const blob = (bytes: Uint8Array) => new Blob([new Uint8Array(bytes)], { type: 'image/png' });
  for (const [name, value] of Object.entries({ prompt: 'blue', size: '64x64', ...more }))
    form.set(name, value);
  form.set('image', blob(await halves(red, red)), 'image.png');
  form.set('mask', blob(mask), 'mask.png');
  const response = await fetch(`${server.url}/v1/images/edits`, { method: 'POST', body: form });
  expect(response.status).toBe(200);
  const { data, easel } = await jsonOf<OpenAiAnswer>(response);
  const shown = await columnsOf(Buffer.from(data[0]?.b64_json ?? '', 'base64'));
  return { ...shown, warnings: easel.warnings.map(({ message }) => message) };
}

async function imageToImage(server: TestServer, body: object) {
  const image = (await halves(red, red)).toString('base64');
  const asked = { prompt: 'blue', width: 64, height: 64, init_images: [image], mask_blur: 0, ...body };
  const response = await server.post('/sdapi/v1/img2img', asked);
  expect(response.status).toBe(200);
  const { images, info } = await jsonOf<AutomaticAnswer>(response);
  const { warnings } = JSON.parse(info) as { warnings: { message: string }[] };
  const shown = await columnsOf(Buffer.from(images[0] ?? '', 'base64'));
  return { ...shown, warnings: warnings.map(({ message }) => message) };
}

describe("a mask at OpenAI's door", () => {
  const masks: [string, Colour, Colour, string[], RegExp | undefined][] = [
    ['transparent and black', clear, opaqueBlack, leftPainted, undefined],
    ['transparent and white', clearWhite, opaqueWhite, leftPainted, undefined],
    ['opaque and transparent', opaqueWhite, clear, rightPainted, undefined],
    ['without opacity', white, black, leftPainted, /no transparent part/],
    ['opaque, black and white', opaqueBlack, opaqueWhite, rightPainted, /no transparent part/],
    [
      'transparent everywhere',
      clear,
      clearWhite,
      [...leftPainted.slice(0, 2), isBlue, isBlue],
      /transparent everywhere/,
    ],
    ['opaque everywhere', opaqueWhite, opaqueWhite, [isRed, isRed, ...leftPainted.slice(2)], /marks nothing/],
  ];
  it.each(masks)('%s', async (_, left, right, columns, warning) => {
    const answer = await edit(await startMaskServer(), await halves(left, right));
    expect(answer.columns).toEqual(columns);
    if (warning) expect(answer.warnings).toEqual([expect.stringMatching(warning)]);
    else expect(answer.warnings).toEqual([]);
  });

  it('of another size is brought to the size of its image, and told', async () => {
    const answer = await edit(await startMaskServer(), await halves(clear, opaqueBlack, 32, 48));
    expect(answer.columns).toEqual(leftPainted);
    expect(answer.warnings).toEqual(['mask was resized from 32 x 48 to 64 x 64, the size of its image.']);
  });

  it('lets the model answer for what is kept, where asked', async () => {
    const mask = await halves(clear, opaqueBlack);
    const answer = await edit(await startMaskServer(), mask, { keep_unmasked: 'false' });
    expect(new Set(answer.columns)).toEqual(new Set([isBlue]));
  });

  it('of a palette, and of a JPEG', async () => {
    const server = await startMaskServer();
    const palette = await sharp(await halves(clear, opaqueBlack))
      .png({ palette: true })
      .toBuffer();
    expect((await edit(server, palette)).columns).toEqual(leftPainted);
    const jpeg = await sharp(await halves(white, black))
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await edit(server, jpeg)).columns).toEqual(leftPainted);
  });
});

describe('a mask that is stored on its side', () => {
  it.each(['png', 'webp'] as const)('paints where people see it: of the opacity of a %s', async (format) => {
    const server = await startMaskServer();
    const clearLeft = await onItsSide(await halves(clear, opaqueBlack), format);
    expect((await edit(server, clearLeft)).columns).toEqual(leftPainted);
    const opaqueLeft = await onItsSide(await halves(opaqueBlack, clear), format);
    const body = { mask: opaqueLeft.toString('base64') };
    expect((await imageToImage(server, body)).columns).toEqual(leftPainted);
    const inverted = { ...body, inpainting_mask_invert: 1 };
    expect((await imageToImage(server, inverted)).columns).toEqual(rightPainted);
  });

  it('paints where people see it: of the colours of a JPEG, also inverted', async () => {
    const server = await startMaskServer();
    const whiteLeft = await onItsSide(await halves(white, black), 'jpeg');
    expect((await edit(server, whiteLeft)).columns).toEqual(leftPainted);
    const mask = whiteLeft.toString('base64');
    expect((await imageToImage(server, { mask })).columns).toEqual(leftPainted);
    expect((await imageToImage(server, { mask, inpainting_mask_invert: 1 })).columns).toEqual(rightPainted);
  });

  it('has an image like it, whose transparent half becomes white where it is seen', async () => {
    const image = (await onItsSide(await halves(red, clear), 'png')).toString('base64');
    const body = { prompt: 'image', init_images: [image] };
    expect((await imageToImage(await startMaskServer(), body)).columns).toEqual([
      ...[isRed, isRed, 'ffffff', 'ffffff'],
    ]);
  });
});

describe("a mask at Automatic1111's door", () => {
  const masks: [string, Colour, Colour, string[]][] = [
    ['white and black', white, black, leftPainted],
    ['opaque black and transparent', opaqueBlack, clear, leftPainted],
    ['transparent and opaque white', clear, opaqueWhite, rightPainted],
    ['opaque, black and white', opaqueBlack, opaqueWhite, rightPainted],
  ];
  it.each(masks)('%s, and inverted', async (_, left, right, columns) => {
    const server = await startMaskServer();
    const mask = (await halves(left, right)).toString('base64');
    expect((await imageToImage(server, { mask })).columns).toEqual(columns);
    const inverted = columns === leftPainted ? rightPainted : leftPainted;
    for (const inpainting_mask_invert of [1, '1', true])
      expect((await imageToImage(server, { mask, inpainting_mask_invert })).columns).toEqual(inverted);
  });

  it('of another size is brought to the size of its image', async () => {
    const mask = (await halves(white, black, 32)).toString('base64');
    const answer = await imageToImage(await startMaskServer(), { mask });
    expect(answer.columns).toEqual(leftPainted);
    expect(answer.warnings).toContain('mask was resized from 32 x 32 to 64 x 64, the size of its image.');
  });

  it('that marks nothing keeps the image, and tells so', async () => {
    const mask = (await halves(clear, clear)).toString('base64');
    const answer = await imageToImage(await startMaskServer(), { mask });
    expect(answer.columns).toEqual([isRed, isRed, isRed, isRed]);
    expect(answer.warnings).toEqual([expect.stringMatching(/marks nothing/)]);
  });

  it('has a soft edge where it is blurred', async () => {
    const server = await startMaskServer();
    const mask = (await halves(white, black)).toString('base64');
    const soft = await imageToImage(server, { mask, mask_blur: 8, inpaint_full_res: false });
    expect(soft.columns[0]).toBe(isBlue);
    expect(soft.columns[3]).toBe(isRed);
    expect(soft.columns[2]).not.toBe(isRed);
    expect((await imageToImage(server, { mask, mask_blur: undefined })).columns[3]).toBe(isRed);
  });

  it('paints its surroundings alone at full size, and pastes them into the whole image', async () => {
    const server = await startMaskServer();
    const image = (await halves(red, white, 512, 128)).toString('base64');
    const mask = (await halves(white, black, 512, 128)).toString('base64');
    const body = { init_images: [image], mask, inpaint_full_res: true, width: 64, height: 64 };
    const pasted = await imageToImage(server, body);
    expect(pasted).toMatchObject({ size: '512x128', columns: [isBlue, isBlue, 'ffffff', 'ffffff'] });
    const cut = await imageToImage(server, { ...body, prompt: 'image', inpainting_fill: 1 });
    expect(cut.columns).toEqual([isRed, isRed, 'ffffff', 'ffffff']);
    const whole = await imageToImage(server, { ...body, inpaint_full_res: 0, width: 256 });
    expect(whole).toMatchObject({ size: '256x64', columns: [isBlue, isBlue, 'ffffff', 'ffffff'] });
  });

  it('hides what it marks behind the colours around it', async () => {
    const server = await startMaskServer();
    const image = (await halves(colours.blue, red)).toString('base64');
    const mask = (await halves(white, black)).toString('base64');
    const body = { prompt: 'image', init_images: [image], mask, inpaint_full_res: false };
    expect((await imageToImage(server, { ...body, inpainting_fill: 1 })).columns[0]).toBe(isBlue);
    const filled = await imageToImage(server, { ...body, inpainting_fill: 0 });
    expect(Number.parseInt(filled.columns[0]?.slice(0, 2) ?? '', 16)).toBeGreaterThan(240);
    const latents = await imageToImage(server, { ...body, inpainting_fill: 2 });
    expect(latents.warnings).toContain(
      'inpainting_fill 2 was replaced by 0, the colours around the mask: latents are not filled.',
    );
  });

  it('sees white where an image to start from is transparent', async () => {
    const image = (await halves(clear, [255, 0, 0, 255])).toString('base64');
    const answer = await imageToImage(await startMaskServer(), { prompt: 'image', init_images: [image] });
    expect(answer.columns).toEqual(['ffffff', 'ffffff', isRed, isRed]);
  });
});

it('an image that cannot be put into its original is answered as it was painted, and says so', async () => {
  const server = await startMaskServer();
  const response = await server.post('/sdapi/v1/img2img', {
    prompt: 'broken',
    width: 64,
    height: 64,
    init_images: [(await halves(red, red)).toString('base64')],
    mask: (await halves(white, black)).toString('base64'),
    send_images: true,
  });
  const { images, info } = await jsonOf<AutomaticAnswer>(response);
  await expect(sharp(Buffer.from(images[0] ?? '', 'base64')).toBuffer()).rejects.toThrow();
  expect(info).toContain('could not be put into the original');
});
