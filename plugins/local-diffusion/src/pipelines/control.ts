import type { Feed } from '../session/network.js';
import type { RgbPicture } from './lanczos.js';

/** What counts more where prompt and followed image are at odds. */
export const emphases = ['balanced', 'prompt', 'image'] as const;
export type Emphasis = (typeof emphases)[number];

/** How much a followed image counts, and when. */
export interface ControlSettings {
  /** Which of the model's ControlNets sees it, from 0. */
  readonly net: number;
  /** 0 to 2; 1 is as it was trained. */
  readonly scale: number;
  /** Shares of the network calls between which it counts, 0 to 1. */
  readonly start: number;
  readonly end: number;
  /** For a union the number of its kind of image. Absent: 0. */
  readonly kind?: number | undefined;
  /** Absent: balanced. */
  readonly emphasis?: Emphasis | undefined;
}

/** An image that is followed by a ControlNet, such as one of edges or depths. */
export interface Control extends ControlSettings {
  /** Of any size. */
  readonly image: RgbPicture;
}

/** As the denoising network is given it. */
export interface ReadControl extends ControlSettings {
  /** [1 or images, channels, height, width]: pixels from 0 to 1, or latents. */
  readonly image: Feed;
}

/** What a ControlNet of a model sees. */
export interface ControlNetReading {
  /** Pixels, or latents that are drawn before all other noise. */
  readonly reads: 'pixels' | 'latents';
  /** Kinds of images that a union tells apart. Absent: it is for one kind. */
  readonly kinds?: number | undefined;
}

/** The part of all network calls that one is: 0 to 1. */
export interface CallShare {
  readonly start: number;
  readonly end: number;
  /** Rows at the beginning of the batch that are made without the prompt. Absent: none. */
  readonly unprompted?: number | undefined;
  /** Images to follow in calls of their parts. Absent: there are none. */
  readonly controls?: readonly ReadControl[] | undefined;
}
