/**
 * What a language model is to the rest of the framework.
 *
 * @module
 */
import type { MatrixShape } from "../decomposition.ts";
import type { Json } from "../json.ts";
import type { RandomKey } from "../random.ts";
import type { Tensor, Tensor2D } from "../backend/tf.ts";

/** A weight matrix that may be decomposed. Groups are made from `kind` and `module`, never from patterns on names. */
export interface MatrixInfo {
  /** As in Transformers' model for the task: `bert.encoder.layer.0.attention.self.query.weight`. */
  readonly name: string;
  /** Coarse group, the same word in all models: `attention` or `ffn`. */
  readonly kind: string;
  /** Exact group: the same module over all layers, `attention.self.query`. */
  readonly module: string;
  /** From 0. */
  readonly layer: number;
  readonly shape: MatrixShape;
  /** The matrix that this one shares its values with. */
  readonly tiedTo?: string;
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
}

/** What a task asks of the end of a model. */
export interface Head {
  readonly kind: "classification" | "regression";
  /** Number of logits: one a class, or 1. */
  readonly outputs: number;
  /** Names of the classes in the order of their logits. */
  readonly labels?: readonly string[];
}

/** Token ids of a batch of lines, padded to one length: all `[batch, length]`, int32. */
export interface Batch {
  readonly inputIds: Tensor2D;
  /** 0 in the first sentence, 1 in the second. */
  readonly tokenTypeIds: Tensor2D;
  /** 1 on tokens, 0 on padding. */
  readonly attentionMask: Tensor2D;
}

/** What a forward pass is told besides weights and tokens. */
export interface ForwardContext {
  /** Dropout, in training only: gives a boolean mask that keeps `1 − rate`; each call is another place, in call order. */
  readonly dropout?: (shape: readonly number[], rate: number) => Tensor;
}

/** A model with every size known and no weights: what can be counted, checked and run. */
export interface Architecture {
  /** `config.json` in Transformers' words, as this model exports it. */
  readonly config: { readonly [key: string]: Json };
  readonly parameters: readonly ParameterInfo[];
  /** The matrices that may be decomposed. */
  readonly matrices: readonly MatrixInfo[];
  /** Largest number of tokens in a line. */
  readonly maxLength: number;
  /** Standard deviation of parameters that begin at random. */
  readonly initializerRange: number;
  /** The parameter that a tensor of a file of weights is, whatever its prefix or age; nothing for one to be ignored. */
  canonicalName(nameInFile: string): string | undefined;
  /** Logits `[batch, outputs]`. Reads each parameter through `parameter(name)`, which may be a merged product. */
  forward(parameter: (name: string) => Tensor, batch: Batch, context: ForwardContext): Tensor2D;
}

/** A kind of language model with its options, as an experiment names it: `bert({ source, layers: 3 })`. */
export interface LanguageModel {
  readonly name: string;
  readonly options: Json;
  /** Name or folder of the weights, asked of the sources. */
  readonly source: string;
  /** The revision of the source. @default the one pinned by the source */
  readonly revision?: string;
  /** What tables call it. @default its source */
  readonly title?: string;
  /** The model that `config.json` describes, with the head that the task asks for. */
  architecture(config: { readonly [key: string]: Json }, head: Head): Architecture;
}

/** Makes the values of a parameter that begins at random. */
export type Initializer = (parameter: ParameterInfo, key: RandomKey) => Tensor;
