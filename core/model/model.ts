/**
 * The interface of language models.
 *
 * @module
 */
import type { MatrixShape } from "../decomposition.ts";
import type { Json } from "../json.ts";
import type { Tensor, Tensor1D } from "../backend/tf.ts";
import type { Bucket, EncodedExample, NamedArrays, NamedTensors } from "./batch.ts";
import type { Head } from "./head.ts";
import type { TokenizerClass } from "./tokenizer.ts";

/** A weight matrix that may be decomposed. Groups are made from `kind` and `module`, never from patterns on names. */
export interface MatrixInfo {
  /** As in Transformers' model for the task: `bert.encoder.layer.0.attention.self.query.weight`. */
  readonly name: string;
  /** Coarse group, the same word in all models: `attention` or `ffn`. */
  readonly kind: string;
  /** Exact group: the same module over all layers, `attention.self.query`. */
  readonly module: string;
  /** From 0, in its stack. */
  readonly layer: number;
  /** The half of an encoder-decoder model that the layer belongs to; absent if the model has one stack. */
  readonly stack?: "encoder" | "decoder";
  readonly shape: MatrixShape;
}

/** A named parameter of a model. */
export interface ParameterInfo {
  readonly name: string;
  readonly shape: readonly number[];
  /** No weight decay: biases and LayerNorm. @default decayed */
  readonly noWeightDecay?: boolean;
  /**
   * How it begins where the file of weights has it not: a `head` is new by nature, an `optional` part is made with a
   * warning, anything else is an error.
   */
  readonly ifMissing?: "head" | "optional";
  /** Values of a parameter that the file does not have. @default a normal distribution of the config's width */
  readonly initial?: "zeros" | "ones" | "normal";
  /** Standard deviation of normal first values. @default the model's */
  readonly initialDeviation?: number;
  /**
   * The parameter, of the same shape and not tied itself, whose value this one is: one value, one gradient, counted,
   * factorized and written once, under the name of the other.
   */
  readonly tiedTo?: string;
}

/** The parameters that have a value of their own. */
export const untied = (parameters: readonly ParameterInfo[]): ParameterInfo[] =>
  parameters.filter(({ tiedTo }) => tiedTo === undefined);

/** Reads a parameter by its name: its value, or the product of the factors that stand for it. */
export type ParameterReader = (name: string) => Tensor;

/** What a forward pass depends on besides parameters and batch. */
export interface ForwardContext {
  /**
   * Dropout, in training only: a boolean mask that keeps each element with probability `1 − rate`. Each call uses the next
   * dropout counter, so that the order of the calls decides the masks.
   */
  readonly dropout?: (shape: readonly number[], rate: number) => Tensor;
}

/** How the head that a repository's weights hold becomes the task's. */
export type PretrainedHead =
  /** The row of the file's head for each output. */
  | { readonly rows: readonly number[] }
  /** Why it is not used: the head is newly initialized. */
  | { readonly unused: string }
  /** Its rows have no names: they are taken for these labels of the task, in their order. */
  | { readonly assumed: readonly string[] };

/**
 * A model with every size known and no weights: what can be counted, checked and run. It alone knows what a batch holds and
 * what its head is; the trainer sees named arrays, one loss per example, and outputs.
 */
export interface Architecture {
  /** `config.json` in Transformers' words, as this model exports it. */
  readonly config: { readonly [key: string]: Json };
  readonly parameters: readonly ParameterInfo[];
  /** The matrices that may be decomposed. */
  readonly matrices: readonly MatrixInfo[];
  /** Largest number of tokens of an example. */
  readonly maxLength: number;
  /** Standard deviation of randomly initialized parameters. */
  readonly initializerRange: number;
  /** The token that must end each text. @default texts may end with any */
  readonly endToken?: number;
  /** Number of rows of its embeddings of segments. @default it reads no token types */
  readonly tokenTypes?: number;
  /** What of the head in the repository's weights is used. @default the head as it is, if its shape fits */
  readonly pretrainedHead?: PretrainedHead;
  /** The parameter that a tensor of a file of weights is, whatever its prefix or age; `undefined` for one that is ignored. */
  canonicalName(nameInFile: string): string | undefined;
  /** The arrays of a batch: the examples padded to the bucket, with their labels or targets and an example mask. */
  collate(examples: readonly EncodedExample[], bucket: Bucket): NamedArrays;
  /**
   * The loss of each example, as many as the example mask has: the trainer masks them and takes their mean. The batch may be a
   * part of a collated one, so a loss depends on the rows of its own example alone.
   */
  losses(parameter: ParameterReader, batch: NamedTensors, context: ForwardContext): Tensor1D;
  /** What predictions are made from, dropout off: logits `[batch, outputs]`, or generated token ids `[batch, length]`. */
  outputs(parameter: ParameterReader, batch: NamedTensors): Tensor;
}

/** A kind of language model with its options, as an experiment names it: `bert({ source, layers: 3 })`. */
export interface LanguageModel {
  readonly name: string;
  /** All else than the source and its revision that changes what the model computes. */
  readonly options: Json;
  /** Name or folder of the weights, which the sources look up. */
  readonly source: string;
  /** The revision of the source. @default the one pinned by the source */
  readonly revision?: string;
  /** What tables call it. @default its source */
  readonly title?: string;
  /** How its tokenizer is read. @default from `tokenizer.json` alone */
  readonly tokenizer?: TokenizerClass;
  /** Whether it generates text, and so takes tasks in words: `textToText`. @default it answers with logits */
  readonly answersInWords?: boolean;
  /** Whether all its parameters start at random: the source needs no weights then. @default false */
  readonly untrained?: boolean;
  /** The model that `config.json` describes, with the head that the task asks for. */
  architecture(config: { readonly [key: string]: Json }, head: Head): Architecture;
}
