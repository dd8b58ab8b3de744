/**
 * What BERT needs of `config.json`, under its names there.
 *
 * @module
 */
import { type Json, RequestError } from "@opf/framework";
import { z } from "zod";
import { ACTIVATIONS } from "./_layers.ts";

const size = z.int().min(1);
const fraction = z.number().min(0);

// Defaults are those of Transformers' BertConfig.
const schema = z.object({
  model_type: z.literal("bert"),
  position_embedding_type: z.literal("absolute").nullish(),
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  intermediate_size: size,
  max_position_embeddings: size,
  type_vocab_size: size.default(2),
  layer_norm_eps: fraction.default(1e-12),
  initializer_range: fraction.default(0.02),
  hidden_dropout_prob: fraction.default(0.1),
  attention_probs_dropout_prob: fraction.default(0.1),
  classifier_dropout: fraction.nullish(),
  hidden_act: z.enum(Object.keys(ACTIVATIONS) as [string, ...string[]]).default("gelu"),
});

/** A checked config, with the number of layers that are kept. */
export interface BertConfig extends Omit<z.output<typeof schema>, "classifier_dropout"> {
  readonly classifier_dropout: number;
  /** The file as it is. */
  readonly all: { readonly [key: string]: Json };
}

/** Reads a config; what BERT cannot follow is a {@linkcode RequestError} with the key, the wanted and the found. */
export function readConfig(given: { readonly [key: string]: Json }, layers: number | undefined): BertConfig {
  const { data, error } = schema.safeParse(given);
  if (!data) {
    const [{ path, message }] = error.issues as [z.core.$ZodIssue];
    const key = String(path[0]);
    throw new RequestError(`config.json of a BERT: "${key}": ${message}, found ${JSON.stringify(given[key])}.`);
  }
  const { hidden_size, num_attention_heads, num_hidden_layers } = data;
  if (hidden_size % num_attention_heads !== 0) {
    throw new RequestError(
      `config.json of a BERT: "num_attention_heads" must be a divisor of hidden_size ${hidden_size}, found ${num_attention_heads}.`,
    );
  }
  if (layers !== undefined && !(Number.isInteger(layers) && layers >= 1 && layers <= num_hidden_layers)) {
    throw new RequestError(`bert({ layers: ${layers} }): wanted 1 to ${num_hidden_layers}, the model's own.`);
  }
  return {
    ...data,
    all: given,
    num_hidden_layers: layers ?? num_hidden_layers,
    classifier_dropout: data.classifier_dropout ?? data.hidden_dropout_prob,
  };
}
