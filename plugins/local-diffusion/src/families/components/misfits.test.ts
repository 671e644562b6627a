import { expect, test } from 'vitest';
import type { TensorLocation } from '../../checkpoint/tensor-location.js';
import { latentMisfit } from './misfits.js';

const tensor = (...shape: number[]): TensorLocation => ({
  ...{ dtype: 'F32', shape, file: 'a', offset: 0, length: 0 },
});
const denoiser = new Map([['proj_out.weight', tensor(64, 3072)]]);
const autoencoder = (...shape: number[]) => new Map([['decoder.conv_in.weight', tensor(...shape)]]);

test('an autoencoder for videos, which has as many channels, is told from one for images', () => {
  const [ofImages, ofVideos] = [latentMisfit('proj_out', 2), latentMisfit('proj_out', 3)];
  expect(ofImages(autoencoder(512, 16, 3, 3), denoiser)).toBeUndefined();
  expect(ofVideos(autoencoder(384, 16, 3, 3, 3), denoiser)).toBeUndefined();
  expect(ofImages(autoencoder(384, 16, 3, 3, 3), denoiser)).toMatch(/convolutions of 3 axes/);
  expect(ofVideos(autoencoder(512, 16, 3, 3), denoiser)).toMatch(/convolutions of 2 axes/);
  expect(ofImages(autoencoder(512, 4, 3, 3), denoiser)).toMatch(/latents of 4 channels/);
});
