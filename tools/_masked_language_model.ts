/**
 * BERT with a masked-language-modeling head, for pre-training.
 *
 * @module
 */
import { type Architecture, headLosses, type Json, type ParameterReader, type TextBatch, tf } from "@opf/framework";
import { bert, bertStates } from "@opf/framework/plugins";

const EMBEDDINGS = "bert.embeddings.word_embeddings.weight", DECODER = "cls.predictions.decoder.weight";

/**
 * BERT whose examples are tokens: labels and example mask are `[batch · length]`, outputs are logits over the vocabulary,
 * `[batch · length, vocabulary]`. The decoder is tied to the word embeddings, as Transformers' `BertForMaskedLM` ties it; the
 * transform before it is left out.
 */
export function maskedLanguageModel(source: string, config: { readonly [key: string]: Json }): Architecture {
  const base = bert({ source }).architecture(config, { kind: "classification", outputs: 1 });
  const { shape } = base.parameters.find(({ name }) => name === EMBEDDINGS)!;
  const [vocabularySize] = shape as [number, number];
  const head = { kind: "classification", outputs: vocabularySize } as const;
  const logits = (parameter: ParameterReader, states: tf.Tensor): tf.Tensor2D =>
    tf.add(
      tf.matMul(states as tf.Tensor2D, parameter(DECODER) as tf.Tensor2D, false, true),
      parameter("cls.predictions.bias"),
    );
  return {
    ...base,
    parameters: [
      ...base.parameters,
      { name: "cls.predictions.bias", shape: [vocabularySize], noWeightDecay: true, initial: "zeros" },
      { name: DECODER, shape, tiedTo: EMBEDDINGS },
    ],
    losses: (parameter, batch: TextBatch, context) => {
      const states = bertStates(config, parameter, { batch, context });
      return headLosses(logits(parameter, states), { labels: batch.labels, head });
    },
    outputs: (parameter, batch: TextBatch) => logits(parameter, bertStates(config, parameter, { batch, context: {} })),
  };
}
