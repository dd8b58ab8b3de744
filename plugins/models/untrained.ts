/**
 * A model as it is before any training.
 *
 * @module
 */
import type { LanguageModel } from "@opf/framework";

/**
 * The same model with all its parameters at random, as its architecture begins them: what pre-training is worth is the
 * difference between the two. The source's weights are not read, and need not exist.
 *
 * @example
 * ```ts
 * import { bert, untrained } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { model_type: "bert", vocab_size: 100, hidden_size: 8, num_hidden_layers: 1, num_attention_heads: 2,
 *   intermediate_size: 32, max_position_embeddings: 64 };
 * const model = untrained(bert({ source: "a folder" })).architecture(sizes, { kind: "classification", outputs: 2 });
 * assertEquals(model.canonicalName("embeddings.word_embeddings.weight"), undefined);
 * ```
 */
export function untrained(model: LanguageModel): LanguageModel {
  return {
    ...model,
    name: `untrained ${model.name}`,
    title: `${model.title ?? model.source}, untrained`,
    untrained: true,
    architecture: (config, head) => {
      const architecture = model.architecture(config, head);
      return {
        ...architecture,
        parameters: architecture.parameters.map(({ ifMissing = "optional", ...parameter }) => ({
          ...parameter,
          ifMissing,
        })),
        canonicalName: () => undefined,
      };
    },
  };
}
