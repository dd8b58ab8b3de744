/**
 * Keys that a `config.json` of Transformers may hold beside a model's own.
 *
 * @module
 */
import { type Json, RequestError } from "@opf/framework";
import { z } from "zod";

/** The content of a `config.json`. */
export type ConfigFile = { readonly [key: string]: Json };

/** Of the file, of its making or of other tasks' heads: they change no number, and are not true of an export. */
const FILE_KEYS = [
  ...["_name_or_path", "_commit_hash", "transformers_version", "auto_map", "custom_pipelines", "name_or_path"],
  ...["architectures", "finetuning_task", "id2label", "label2id", "num_labels", "_num_labels", "problem_type"],
  ...["dtype", "torch_dtype", "task_specific_params", "sentence_transformers", "tokenizer_class"],
];

/** Of memory and outputs: they change no number here, and stay true of an export. */
const HARMLESS_KEYS = [
  ...["attn_implementation", "_attn_implementation", "_attn_implementation_autoset", "chunk_size_feed_forward"],
  ...["gradient_checkpointing", "output_attentions", "output_hidden_states", "output_past", "output_scores"],
  ...["return_dict", "return_dict_in_generate", "tie_word_embeddings", "torchscript", "use_cache", "tf_legacy_loss"],
  ...["bos_token_id", "eos_token_id", "sep_token_id", "pad_token_id", "decoder_start_token_id"],
];

/** Of the generation of texts by Transformers, which they change: here the task says how a model answers. */
const GENERATION_KEYS = [
  ...["prefix", "bad_words_ids", "begin_suppress_tokens", "diversity_penalty", "do_sample", "early_stopping"],
  ...["encoder_no_repeat_ngram_size", "exponential_decay_length_penalty", "forced_bos_token_id"],
  ...["forced_eos_token_id", "length_penalty", "max_length", "min_length", "no_repeat_ngram_size"],
  ...["num_beam_groups", "num_beams", "num_return_sequences", "remove_invalid_values", "repetition_penalty"],
  ...["suppress_tokens", "temperature", "top_k", "top_p", "typical_p"],
];

/** Keys that change the mathematics, with the only values that are implemented. */
const fixedSchema = z.object({
  add_cross_attention: z.literal(false).nullish(),
  cross_attention_hidden_size: z.null().optional(),
  is_decoder: z.literal(false).nullish(),
  is_encoder_decoder: z.literal(false).nullish(),
  pruned_heads: z.strictObject({}).nullish(),
  quantization_config: z.null().optional(),
  tie_encoder_decoder: z.literal(false).nullish(),
  use_bfloat16: z.literal(false).nullish(),
});

/** What a model says of its config's keys. */
export interface ConfigKeysOptions {
  /** For messages: `a BERT`. */
  readonly model: string;
  /** Keys that the model reads and checks. */
  readonly own: Iterable<string>;
  /** Keys of old files of this kind of model that change no number. */
  readonly harmless?: readonly string[];
}

/**
 * Refuses a config with a key that changes the mathematics in a way that is not implemented, or that is not known not to.
 *
 * @throws {RequestError} with the key, what was expected and what is there
 */
export function checkConfigKeys(config: ConfigFile, { model, own, harmless = [] }: ConfigKeysOptions): void {
  const ownKeys = new Set(own);
  for (const [key, value] of Object.entries(config)) {
    if (ownKeys.has(key)) continue;
    const fixed = Object.entries(fixedSchema.shape).find(([name]) => name === key)?.[1];
    const isKnown = fixed
      ? fixed.safeParse(value).success
      : [...FILE_KEYS, ...HARMLESS_KEYS, ...GENERATION_KEYS, ...harmless].includes(key);
    if (isKnown) continue;
    const problem = fixed ? "is not implemented" : "is not known, so that it may change the mathematics";
    throw new RequestError(`config.json of ${model}: ${shortened(key)} ${problem}, got ${shortened(value)}.`);
  }
}

/** A value as JSON for messages, cut where it is long. */
export function shortened(value: Json | undefined): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/**
 * What of a config is true of every model that is written from it: the rest depends on weights, head or repository. Texts
 * are generated greedily, whatever the config says.
 */
export const exportedKeys = (config: ConfigFile): ConfigFile =>
  Object.fromEntries(
    Object.entries(config).filter(([key]) => !FILE_KEYS.includes(key) && !GENERATION_KEYS.includes(key)),
  );
