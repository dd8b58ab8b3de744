/**
 * What BERT's parameters are called, and what its `config.json` says.
 *
 * @module
 */
import type { Head, Json, MatrixInfo, ParameterInfo } from "@opf/framework";
import type { BertConfig } from "./_bert_config.ts";

const LINEAR = [
  { module: "attention.self.query", kind: "attention" },
  { module: "attention.self.key", kind: "attention" },
  { module: "attention.self.value", kind: "attention" },
  { module: "attention.output.dense", kind: "attention" },
  { module: "intermediate.dense", kind: "ffn" },
  { module: "output.dense", kind: "ffn" },
] as const;

/** The matrices of all layers, `[out, in]`. */
export function matricesOf({ num_hidden_layers, hidden_size, intermediate_size }: BertConfig): MatrixInfo[] {
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

/** All parameters, by their names in Transformers. */
export function parametersOf(config: BertConfig, matrices: readonly MatrixInfo[], head: Head): ParameterInfo[] {
  const width = config.hidden_size;
  const norm = (name: string): ParameterInfo[] => [
    { name: `${name}.LayerNorm.weight`, shape: [width], noWeightDecay: true, initial: "ones" },
    { name: `${name}.LayerNorm.bias`, shape: [width], noWeightDecay: true, initial: "zeros" },
  ];
  const bias = (weight: string, size: number, more: Partial<ParameterInfo> = {}): ParameterInfo => ({
    name: weight.replace(/weight$/, "bias"),
    shape: [size],
    noWeightDecay: true,
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
    { name: pooler, shape: [width, width], ifMissing: "optional", initial: "normal" },
    bias(pooler, width, { ifMissing: "optional" }),
    { name: "classifier.weight", shape: [head.outputs, width], ifMissing: "head", initial: "normal" },
    bias("classifier.weight", head.outputs, { ifMissing: "head" }),
  ];
}

/** `config.json` of what is written. */
export function exportedConfig(config: BertConfig, { kind, outputs, labels }: Head): { [key: string]: Json } {
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
