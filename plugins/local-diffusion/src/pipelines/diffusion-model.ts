import type { PromptStyle } from '../prompt/text-encoding.js';
import type { TextualInversion } from '../prompt/textual-inversion.js';
import type { Feed } from '../session/network.js';
import type { CallShare, ControlNetReading } from './control.js';
import type { RgbPicture } from './lanczos.js';
import type { LatentColours } from './latents-to-rgb.js';
import type { Posterior } from './posterior.js';

/**
 * What the denoising network is told besides latents and timestep: its other inputs by name, one row an
 * image.
 */
export type Conditioning = Readonly<Record<string, Feed>>;

/** What the conditioning of a batch is made of. */
export interface ConditioningRequest {
  /** One prompt an image. */
  readonly prompts: readonly string[];
  /**
   * One an image. Absent: none, which some models were trained to be told by zeros instead of an empty text.
   */
  readonly negativePrompts: readonly string[] | undefined;
  /** Whether there is classifier-free guidance; without it negative prompts have no effect. */
  readonly isGuided: boolean;
  /** Last layers of the text encoder to leave out, beyond those that the model never uses. */
  readonly clipSkip: number;
  /** How prompts are read. Absent: `plain`, as diffusers does. */
  readonly promptStyle?: PromptStyle | undefined;
  /** Words that were learned as vectors, for all text encoders of the model. Absent: none. */
  readonly inversions?: readonly TextualInversion[] | undefined;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Input images that the model is to change, as they came. Absent: there are none. */
  readonly inputImages?: readonly RgbPicture[] | undefined;
  /** What only the model's family reads, as its `readOptions` gives it. Absent: nothing was asked for. */
  readonly familyOptions?: unknown;
}

export interface ModelConditioning {
  readonly conditional: Conditioning;
  /** Absent where there is no guidance. */
  readonly unconditional: Conditioning | undefined;
  /** A sentence for each thing that had no effect. */
  readonly warnings: readonly string[];
}

/** What guidance may go by. */
export interface GuidanceRequest {
  readonly guidanceScale: number;
  /** Absent: none. */
  readonly negativePrompts: readonly string[] | undefined;
  /** As in {@link ConditioningRequest}. */
  readonly familyOptions?: unknown;
}

/** A prediction by a network that is made worse on purpose, which the guided one is led away from. */
export interface WeakenedPrediction {
  readonly scale: number;
  /** Shares of the network calls between which it is made. */
  readonly start: number;
  readonly stop: number;
  /** Further inputs that make the network worse, one row an image. */
  weakInputs(images: number): Conditioning;
  /** What all other calls of the same image are told in place of them: so one network does both. */
  plainInputs(images: number): Conditioning;
}

/** Edges in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** How a network that was made for inpainting reads what is to be kept, other than Stable Diffusion's. */
export interface MaskReading {
  /**
   * Whether the image's own latents are drawn even where nothing of them is used, so that seeds mean what
   * they mean elsewhere.
   */
  readonly drawsImage: boolean;
  /**
   * The channels behind the latents, [channels, height, width].
   *
   * @param mask one number a pixel: 1 where to paint anew, 0 where to keep
   * @param masked latents of the image without what is painted anew
   * @param shape of these latents: channels, height, width
   */
  channels(mask: Float32Array, masked: Float32Array, shape: readonly number[]): Float32Array;
}

/** How a network reads images that it is to change as it is told, beside what it makes. */
export interface ImageEditing {
  /** The size that an input image is brought to before it is encoded. */
  sizeOf(image: ImageSize, familyOptions: unknown): ImageSize;
  /** Then as much is cut off around it as makes its edges multiples of so many pixels. Absent: nothing is. */
  readonly cutsTo?: number;
  /**
   * Where a mask keeps something of the first image, all of that image is read as one that is changed; its
   * likeliest latents are kept, so that nothing but noise is drawn, and at the edges of the mask by shares.
   * Absent: as other models do it.
   */
  readonly keepsByShares?: true;
  /**
   * Further inputs of the network, one row an image that is made.
   *
   * @param latents of each input image, [1, channels, height, width]
   */
  inputs(latents: readonly Feed[], images: number): Conditioning;
}

/** How a model is guided by its prompt. */
export interface Guidance {
  /**
   * Classifier-free guidance: how far the prediction is led away from a second one, without the prompt. At
   * most 1: there is no second one. Absent: there never is.
   */
  scaleOf?(request: GuidanceRequest): number;
  /** For people: when the negative prompt is read. Absent: with a guidance scale over 1. */
  readonly negativeIsRead?: string;
  /** Whether a call at a timestep is guided by a second prediction. Absent: each is. */
  guidesAt?(request: GuidanceRequest, timestep: number): boolean;
  /**
   * How large a guided prediction may be for one image, as a multiple of the one with the prompt. Absent: no
   * limit.
   */
  limit?(request: GuidanceRequest): number | undefined;
  /**
   * Latents along the edge of the patches whose guided prediction is brought to the norm that the one with
   * the prompt has. Absent: it is left as it is.
   */
  readonly normedEdge?: number;
  /**
   * How the denoising network is told `guidanceScale`: further inputs, one row an image. Absent: it is not
   * told.
   */
  inputs?(guidanceScale: number, images: number): Conditioning;
  /** A further prediction beside the second one, where the request asks for it. Absent: there never is. */
  weaken?(request: GuidanceRequest): WeakenedPrediction | undefined;
}

/** By a second prediction alone, as far as the request says. */
export const classifierFree: Guidance = { scaleOf: ({ guidanceScale }) => guidanceScale };

/** The part of a model that its autoencoder is. */
export interface Autoencoder {
  readonly latentChannels: number;
  /** Pixels to a latent, along an edge. */
  readonly factor: number;
  /** An image, [1, 3, height, width] in -1 to 1, to the distribution of its latents. */
  encode(planes: Float32Array, shape: readonly number[]): Promise<Posterior>;
  /** Latents as the sampler leaves them to pixels, [images, 3, height, width], about -1 to 1. */
  decode(latents: Float32Array, shape: readonly number[]): Promise<Float32Array>;
}

/** An open checkpoint: what the pipelines need of it, wherever its networks run. */
export interface DiffusionModel extends Autoencoder {
  /** The parsed `scheduler_config.json`. */
  readonly schedulerConfig: unknown;
  /** What its latents look like, for previews. Absent: not known. */
  readonly latentColours?: LatentColours;
  /**
   * Channels that the denoising network reads: the latents', or for inpainting those, a mask and the masked
   * picture's latents.
   */
  readonly inputChannels: number;
  readonly guidance: Guidance;
  /**
   * For a network that reads a mask. Absent: the mask at the size of the latents, then the masked image's
   * latents.
   */
  readonly maskReading?: MaskReading;
  /**
   * The network was made to follow an image, for instance of edges or depths, whose latents it reads behind
   * its own. Absent: it was not.
   */
  readonly followsImage?: true;
  /** Its ControlNets. Absent: it has none. */
  readonly controlNets?: readonly ControlNetReading[];
  /** Input images are to be changed as the prompt says. Absent: sampling begins from one. */
  readonly editing?: ImageEditing;
  /**
   * Pixels along the edge of what the denoising network reads as one: sizes are multiples of it, and the
   * noise schedule of a flow may depend on how many there are.
   */
  readonly patchEdge: number;
  /**
   * Times of a flow, from 1 down, that its pipeline samples at before they are shifted. Absent: as the
   * scheduler spaces them.
   */
  flowTimes?(steps: number): readonly number[];
  /**
   * How far the times of a flow are shifted towards noise, as the exponent of the factor, by the patches of
   * the image and the steps. Absent: as the scheduler's configuration says.
   */
  flowShift?(imageTokens: number, steps: number): number;
  /**
   * The sigmas that were found to be best for models of its kind, for the schedule "Align Your Steps".
   * Absent: none were.
   */
  readonly alignedSigmas?: readonly number[];
  /**
   * Whether the latents of an input image are drawn once for all images, even where each has a generator of
   * its own. Absent: each draws.
   */
  readonly encodesOnce?: true;
  /**
   * Prompts are sentences for a language model: brackets and `AND` are words. Absent: webui's prompt editing
   * and composition are read.
   */
  readonly readsSentences?: true;
  /** Whether it only goes on from an image or from another model's latents, as a refiner does. */
  readonly refinesOnly: boolean;
  /** Milliseconds that its networks have run so far. */
  readonly networkMs: number;
  /** Texts and sizes to the network's inputs. */
  condition(request: ConditioningRequest): Promise<ModelConditioning>;
  /**
   * One run of the denoising network, over a batch at one timestep; as many channels come back as the latents
   * have.
   */
  predict(input: Feed, timestep: number, conditioning: Conditioning, share: CallShare): Promise<Float32Array>;
  /**
   * Starts the predictions of an image, of which only each so many-th runs the whole network: the others take
   * what its deep layers made of the last whole one. Absent: the network is not made so.
   */
  predictReusing?(interval: number): DiffusionModel['predict'];
  /** Like `decode`, only about right and much faster: for previews. Absent: there is nothing of the kind. */
  decodePreview?(latents: Float32Array, shape: readonly number[]): Promise<Float32Array>;
  release(): Promise<void>;
}

/**
 * Whether the denoising network was made for inpainting and reads a mask and the masked picture beside the
 * latents.
 */
export const readsMask = ({
  inputChannels,
  latentChannels,
  followsImage,
}: Pick<DiffusionModel, 'inputChannels' | 'latentChannels' | 'followsImage'>): boolean =>
  inputChannels !== latentChannels && !followsImage;
