import type { Manifest, ManifestInput } from '@easel/plugin-sdk';
import type { z } from 'zod';
import type { Component } from '../checkpoint/component.js';
import type { Lora } from '../checkpoint/lora.js';
import type { LoraTarget } from '../checkpoint/lora-names.js';
import type { DiffusionModel } from '../pipelines/diffusion-model.js';
import type { ComponentKind, ComponentSource } from './component-kind.js';
import type { Json, SingleFileLayout, Tensors } from './single-file-layout.js';

type ModelsOf<Given extends Pick<ManifestInput, 'handles'>> = NonNullable<Given['handles'][number]['models']>;

/**
 * What `plugin.json` says of the models of a pipeline type: how they are recognised, and what they are
 * catalogued with.
 */
export type HandledModels = Omit<ModelsOf<Manifest>, 'defaults' | 'supports'> & {
  readonly defaults: { width: number; height: number; steps: number; guidanceScale: number };
  /** What is absent they cannot. */
  readonly supports: NonNullable<ModelsOf<ManifestInput>['supports']>;
};

/** Components by the names of their folders in a diffusers checkpoint. */
export type Components = Readonly<Record<string, Component>>;

/** One of the networks that a family is made of. */
export interface FamilyComponent {
  readonly kind: ComponentKind<unknown>;
  /** For messages, e.g. `text encoder`. */
  readonly title: string;
  /**
   * Whether there are models without it: `model_index.json` has nulls for it then. Absent: there are none.
   */
  readonly isOptional?: true;
}

/** How LoRAs change the models of a family. */
export interface FamilyLoras {
  /** What a LoRA may change, and the names that its file has for that. */
  readonly targets: readonly LoraTarget[];
  /**
   * What a LoRA was made for, for messages, e.g. `Stable Diffusion 2`. Undefined: nothing of this family, or
   * it does not show.
   */
  titleOfLora(lora: Lora): string | undefined;
  /** What a model is, likewise. */
  titleOfModel(components: Components): string | undefined;
}

/** How ControlNets are read that lie apart from a model, as components `controlnet.0` and so on. */
export interface FamilyControlNets {
  readonly kind: ComponentKind<unknown>;
  /**
   * The tensors of a file under the names that `kind` mounts, with how their config is told; what the file is
   * where it is no such ControlNet, as in "a T2I-Adapter"; or undefined where that does not show.
   */
  fileOf(tensors: Tensors): { readonly tensors: Tensors; configOf(what: string): Json } | string | undefined;
}

/** What a family makes of its components: all of a model that depends on the family. */
export type FamilyModel = Omit<DiffusionModel, 'schedulerConfig' | 'networkMs' | 'decodePreview' | 'release'>;

/**
 * A kind of model, as data: all that the engine knows of it. A new one is a folder beside the others and a
 * line in `index.ts`; nothing else in the engine names a family.
 */
export interface Family {
  /** The pipeline type of its models, by which catalogue entries and `plugin.json` name it. */
  readonly type: string;
  /** For messages. */
  readonly title: string;
  /** `plugin.json` says the same, since it is read without running code. */
  readonly models: HandledModels;
  /** The provider options that only its models read. */
  readonly options: z.ZodRawShape;
  /**
   * What its conditioning reads as `familyOptions`, from the provider options of a call.
   *
   * @param options all of them, checked by the schemas of `options`
   */
  readOptions(options: Readonly<Record<string, unknown>>): unknown;
  /** In the order in which messages name what is missing. */
  readonly components: Readonly<Record<string, FamilyComponent>>;
  /** Which of them denoises. */
  readonly denoiser: string;
  /** Absent: its models take no LoRAs. */
  readonly loras?: FamilyLoras;
  /** Absent: its models take no ControlNets. */
  readonly controlNets?: FamilyControlNets;
  /** How its models lie in one .safetensors file. Absent: they do not. */
  readonly singleFile?: SingleFileLayout;
  /**
   * Makes a model out of its components.
   *
   * @throws ERR_MODEL_FILES_INVALID for components that are not supported or do not fit each other
   */
  assemble(source: ComponentSource): Promise<FamilyModel>;
}
