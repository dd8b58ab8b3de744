/**
 * BERT for sequence classification and regression.
 *
 * @module
 */
import {
  type Architecture,
  type Batch,
  type ForwardContext,
  type Head,
  type Json,
  type LanguageModel,
  type MatrixInfo,
  type ParameterInfo,
  tf,
} from "@opf/framework";
import { type BertConfig, readConfig } from "./_bert_config.ts";
import {
  biasActivation,
  biasTanhDropout,
  dropoutResidualNorm,
  embed,
  normDropout,
  type Parameters,
  project,
  selfAttention,
  softmaxDropout,
} from "./_layers.ts";

/** Options of {@linkcode bert}. */
export interface BertOptions {
  /** Name on the hub, or a folder. */
  readonly source: string;
  /** Commit, tag or branch of the source. @default the one pinned by the source */
  readonly revision?: string;
  /** Keep only the first `layers` layers, in training and in the export. @default all */
  readonly layers?: number;
  /** What tables call it. @default its source, with the layers that are kept */
  readonly title?: string;
}

/**
 * BERT (Devlin et al. 2019) as Transformers' `BertForSequenceClassification`: embeddings, encoder, pooler and a linear
 * head, every size from `config.json`, parameter names as there. Only the first token's output of the last layer is
 * read, so only that one is computed; the result is the same.
 *
 * @example Its six kinds of matrices
 * ```ts
 * import { bert } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { model_type: "bert", vocab_size: 100, hidden_size: 8, num_hidden_layers: 12, num_attention_heads: 2,
 *   intermediate_size: 32, max_position_embeddings: 64 };
 * const model = bert({ source: "a folder", layers: 3 }).architecture(sizes, { kind: "classification", outputs: 2 });
 * assertEquals(model.matrices.length, 6 * 3);
 * ```
 */
export function bert({ source, revision, layers, title }: BertOptions): LanguageModel {
  return {
    name: "bert",
    options: { source, ...(revision !== undefined && { revision }), ...(layers !== undefined && { layers }) },
    source,
    ...(revision !== undefined && { revision }),
    ...(title !== undefined && { title }),
    architecture: (config, head) =>
      made(JSON.stringify([config, layers, head]), () => architecture(readConfig(config, layers), head)),
  };
}

// The same architecture is one object, so that what is compiled for it is found again.
const architectures = new Map<string, Architecture>();
const made = (key: string, make: () => Architecture): Architecture => architectures.getOrInsertComputed(key, make);

const LINEAR = [
  { module: "attention.self.query", kind: "attention" },
  { module: "attention.self.key", kind: "attention" },
  { module: "attention.self.value", kind: "attention" },
  { module: "attention.output.dense", kind: "attention" },
  { module: "intermediate.dense", kind: "ffn" },
  { module: "output.dense", kind: "ffn" },
] as const;

function architecture(config: BertConfig, head: Head): Architecture {
  const matrices = matricesOf(config);
  const parameters = parametersOf(config, matrices, head);
  const known = new Set(parameters.map(({ name }) => name));
  return {
    config: exportedConfig(config, head),
    parameters,
    matrices,
    maxLength: config.max_position_embeddings,
    initializerRange: config.initializer_range,
    canonicalName: (nameInFile) => {
      const name = nameInFile.replace(/\.gamma$/, ".weight").replace(/\.beta$/, ".bias");
      if (/(^|\.)position_ids$/.test(name)) return undefined; // a buffer of old files, not a parameter
      const full = known.has(`bert.${name}`) ? `bert.${name}` : name;
      const layer = /^(?:bert\.)?encoder\.layer\.(\d+)\./.exec(full)?.[1];
      return layer !== undefined && Number(layer) >= config.num_hidden_layers ? undefined : full;
    },
    forward: (parameter, batch, context) => forward(config, parameter, { batch, context }),
  };
}

function matricesOf({ num_hidden_layers, hidden_size, intermediate_size }: BertConfig): MatrixInfo[] {
  return Array.from({ length: num_hidden_layers }, (_, layer) =>
    LINEAR.map(({ module, kind }) => ({
      name: `bert.encoder.layer.${layer}.${module}.weight`,
      kind,
      module,
      layer,
      shape: [
        module === "intermediate.dense" ? intermediate_size : hidden_size,
        module === "output.dense" ? intermediate_size : hidden_size,
      ] as const,
    }))).flat();
}

function parametersOf(config: BertConfig, matrices: readonly MatrixInfo[], head: Head): ParameterInfo[] {
  const width = config.hidden_size;
  const norm = (name: string): ParameterInfo[] => [
    { name: `${name}.LayerNorm.weight`, shape: [width], undecayed: true, initial: "ones" },
    { name: `${name}.LayerNorm.bias`, shape: [width], undecayed: true, initial: "zeros" },
  ];
  const bias = (weight: string, size: number, more: Partial<ParameterInfo> = {}): ParameterInfo => ({
    name: weight.replace(/weight$/, "bias"),
    shape: [size],
    undecayed: true,
    initial: "zeros",
    ...more,
  });
  const layers = matrices.flatMap(({ name, module, shape }) => [
    { name, shape },
    bias(name, shape[0]),
    ...(module.endsWith("output.dense") ? norm(name.replace(/\.dense\.weight$/, "")) : []),
  ]);
  const pooler = "bert.pooler.dense.weight";
  return [
    { name: "bert.embeddings.word_embeddings.weight", shape: [config.vocab_size, width] },
    { name: "bert.embeddings.position_embeddings.weight", shape: [config.max_position_embeddings, width] },
    { name: "bert.embeddings.token_type_embeddings.weight", shape: [config.type_vocab_size, width] },
    ...norm("bert.embeddings"),
    ...layers,
    { name: pooler, shape: [width, width], absence: "optional", initial: "normal" },
    bias(pooler, width, { absence: "optional" }),
    { name: "classifier.weight", shape: [head.outputs, width], absence: "head", initial: "normal" },
    bias("classifier.weight", head.outputs, { absence: "head" }),
  ];
}

function exportedConfig(config: BertConfig, { kind, outputs, labels }: Head): { [key: string]: Json } {
  const names = labels ?? Array.from({ length: outputs }, (_, index) => `LABEL_${index}`);
  const { _name_or_path: _, ...rest } = config.all;
  return {
    ...rest,
    architectures: ["BertForSequenceClassification"],
    num_hidden_layers: config.num_hidden_layers,
    problem_type: kind === "regression" ? "regression" : "single_label_classification",
    id2label: Object.fromEntries(names.map((name, index) => [index, name])),
    label2id: Object.fromEntries(names.map((name, index) => [name, index])),
  };
}

interface ForwardOptions {
  readonly batch: Batch;
  readonly context: ForwardContext;
}

function forward(config: BertConfig, parameter: Parameters, options: ForwardOptions): tf.Tensor2D {
  const { batch: { inputIds: { shape: [lines] } }, context } = options;
  const rate = config.classifier_dropout;
  const pooled = biasTanhDropout(rate)(
    project(states(config, parameter, { ...options, tokens: "first" }), parameter("bert.pooler.dense.weight")),
    parameter("bert.pooler.dense.bias"),
    ...context.dropout && rate > 0 ? [context.dropout([lines, config.hidden_size], rate)] : [],
  );
  return tf.add(project(pooled, parameter("classifier.weight")), parameter("classifier.bias"));
}

/**
 * The last layer's outputs for all tokens, `[lines · length, width]`, of the BERT that `config.json` describes: for
 * training on tokens, as masked language modelling does.
 */
export const bertStates = (
  config: { readonly [key: string]: Json },
  parameter: Parameters,
  options: ForwardOptions,
): tf.Tensor => states(readConfig(config, undefined), parameter, { ...options, tokens: "all" });

/** Outputs of the last layer: of the first tokens, `[lines, width]`, or of all, `[lines · length, width]`. */
function states(
  config: BertConfig,
  parameter: Parameters,
  { batch, context: { dropout }, tokens }: ForwardOptions & { readonly tokens: "first" | "all" },
): tf.Tensor {
  const [lines, length] = batch.inputIds.shape;
  const width = config.hidden_size;
  const hiddenRate = config.hidden_dropout_prob;
  const mask = (shape: readonly number[], rate: number) => dropout && rate > 0 ? [dropout(shape, rate)] : [];
  const seen = tf.cast(batch.attentionMask, "bool");
  const encode = encoder(config, parameter, { mask, seen, lines, length, tokens });
  const embedded = tf.add(
    tf.reshape(
      tf.add(
        embed(parameter("bert.embeddings.word_embeddings.weight"), tf.reshape(batch.inputIds, [-1])),
        embed(parameter("bert.embeddings.token_type_embeddings.weight"), tf.reshape(batch.tokenTypeIds, [-1])),
      ),
      [lines, length, width],
    ),
    tf.slice(parameter("bert.embeddings.position_embeddings.weight"), [0, 0], [length, width]),
  );
  let rows = normDropout(hiddenRate, config.layer_norm_eps)(
    tf.reshape(embedded, [lines * length, width]),
    parameter("bert.embeddings.LayerNorm.weight"),
    parameter("bert.embeddings.LayerNorm.bias"),
    ...mask([lines * length, width], hiddenRate),
  );
  for (let layer = 0; layer < config.num_hidden_layers; layer++) rows = encode(layer, rows);
  return rows;
}

interface EncoderContext {
  readonly mask: (shape: readonly number[], rate: number) => tf.Tensor[];
  /** `[lines, length]`, bool. */
  readonly seen: tf.Tensor;
  readonly lines: number;
  readonly length: number;
  /** What the last layer is to give. */
  readonly tokens: "first" | "all";
}

/** One layer: rows `[lines · length, width]` to the same, or, the last one, to the first tokens' `[lines, width]`. */
function encoder(config: BertConfig, parameter: Parameters, { mask, seen, lines, length, ...last }: EncoderContext) {
  const { hidden_size: width, num_attention_heads: heads, hidden_dropout_prob: rate } = config;
  const size = width / heads;
  const attended = tf.reshape(seen, [lines, 1, 1, length]);
  const attentionRate = config.attention_probs_dropout_prob;
  const softmax = softmaxDropout(attentionRate, 1 / Math.sqrt(size));
  const attention = selfAttention(attentionRate, 1 / Math.sqrt(size), heads);
  const residualNorm = dropoutResidualNorm(rate, config.layer_norm_eps);
  const byHead = (rows: tf.Tensor, tokens: number) =>
    tf.transpose(tf.reshape(rows, [lines, tokens, heads, size]), [0, 2, 1, 3]) as tf.Tensor4D;
  const firstRows = (rows: tf.Tensor) =>
    tf.reshape(tf.slice(tf.reshape(rows, [lines, length, width]), [0, 0, 0], [lines, 1, width]), [lines, width]);

  const allTokens = (named: Parameters, rows: tf.Tensor) => {
    const [weights, biases] = ["weight", "bias"].map((part) =>
      ["query", "key", "value"].map((name) => named(`attention.self.${name}.${part}`))
    ) as [tf.Tensor2D[], tf.Tensor[]];
    const [dropped] = mask([lines, heads, length, length], attentionRate);
    return attention(project(rows, tf.concat(weights)), biases, { seen: attended, ...(dropped && { mask: dropped }) });
  };
  const firstTokens = (named: Parameters, rows: tf.Tensor, asking: tf.Tensor) => {
    const linear = (x: tf.Tensor, name: string) =>
      tf.add(project(x, named(`attention.self.${name}.weight`)), named(`attention.self.${name}.bias`));
    const query = byHead(linear(asking, "query"), 1);
    const key = byHead(linear(rows, "key"), length);
    const value = byHead(linear(rows, "value"), length);
    const weights = softmax(
      tf.matMul(query, key, false, true),
      attended,
      ...mask([lines, heads, 1, length], attentionRate),
    );
    return tf.reshape(tf.transpose(tf.matMul(weights as tf.Tensor4D, value), [0, 2, 1, 3]), [lines, width]);
  };

  return (layer: number, rows: tf.Tensor): tf.Tensor => {
    const named = (name: string) => parameter(`bert.encoder.layer.${layer}.${name}`);
    const first = last.tokens === "first" && layer === config.num_hidden_layers - 1;
    const asking = first ? firstRows(rows) : rows;
    const context = first ? firstTokens(named, rows, asking) : allTokens(named, rows);
    const tokens = first ? 1 : length;
    const finish = (x: tf.Tensor, name: string, residual: tf.Tensor) =>
      residualNorm(
        project(x, named(`${name}.dense.weight`)),
        named(`${name}.dense.bias`),
        residual,
        named(`${name}.LayerNorm.weight`),
        named(`${name}.LayerNorm.bias`),
        ...mask([lines * tokens, width], rate),
      );
    const attended = finish(context, "attention.output", asking);
    const inner = biasActivation(config.hidden_act)(
      project(attended, named("intermediate.dense.weight")),
      named("intermediate.dense.bias"),
    );
    return finish(inner, "output", attended);
  };
}
