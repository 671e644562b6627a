import { getImageServiceManager } from '@easel/core';

export async function POST(request) {
  const { prompt } = await request.json();
  const { images } = await getImageServiceManager().generateImage({ prompt, seed: 7, steps: 2 });
  return new Response(images[0].bytes, { headers: { 'content-type': images[0].mediaType } });
}
