/**
 * T5, which answers in words.
 *
 * @module
 */
import {
  type Answers,
  type Architecture,
  type Bucket,
  type EncodedExample,
  type Head,
  type LanguageModel,
  type NamedArrays,
  padRows,
  type ParameterReader,
  RequestError,
  tf,
} from "@opf/framework";
import { drawDropout } from "./_kernels/dropout.ts";
import { languageModel, type LanguageModelOptions } from "./_language_model.ts";
import { canonicalNames, stackMatrices } from "./_parameters.ts";
import { exportedT5Config, readT5Config, type T5Config, t5Layers, t5Parameters } from "./_t5/parameters.ts";
import { candidateScores, decode, encode, generate, type T5Context, vocabularyLogits } from "./_t5/stack.ts";
import { t5Tokenizer } from "./_t5/tokenizer.ts";

/** Options of {@linkcode t5}; `layers` are those of each stack. */
export type T5Options = LanguageModelOptions;

/**
 * T5 (Raffel et al. 2020) as Transformers' `T5ForConditionalGeneration`, original (ReLU, logits from the scaled embeddings)
 * or 1.1 (gated GELU, a matrix of its own for the logits): it reads a text and answers with another, token by token, each
 * the likeliest; or it ranks the words of the labels by their total log-probability. The task says which, and what the words
 * are: `textToText`.
 *
 * The loss is the mean cross-entropy of all target tokens of a batch, as in Transformers: an example counts by its tokens.
 *
 * @example The matrices of both stacks
 * ```ts
 * import { t5 } from "@opf/framework/plugins";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = { model_type: "t5", vocab_size: 100, d_model: 8, num_layers: 3, decoder_start_token_id: 0 };
 * const head = { kind: "classification", outputs: 2, answers: { maxLength: 4 } } as const;
 * const model = t5({ source: "a folder" }).architecture(sizes, head);
 * const count = (of: string) => model.matrices.filter(({ stack }) => stack === of).length;
 * assertEquals([count("encoder"), count("decoder")], [6 * 3, 10 * 3]); // the decoder also attends to the encoder
 * ```
 */
export const t5 = (options: T5Options): LanguageModel =>
  languageModel("t5", {
    ...options,
    tokenizer: t5Tokenizer,
    answersInWords: true,
    build: (file, head) => architecture(readT5Config(file, options.layers), head),
  });

/** The batch of a T5: int32, but for the last two. */
type T5Batch = {
  /** `[batch, length]`, like the next. */
  readonly inputIds: tf.Tensor2D;
  readonly attentionMask: tf.Tensor2D;
  /** The targets, one to the right: `[batch, targetLength]`, like the next two. */
  readonly decoderInputIds: tf.Tensor2D;
  readonly targetIds: tf.Tensor2D;
  /** 1 on tokens of the target, 0 on padding. */
  readonly targetMask: tf.Tensor2D;
  /** `[batch]`: the mean number of target tokens over the examples of the whole batch, in each row. */
  readonly meanTargetTokens: tf.Tensor1D;
  readonly exampleMask: tf.Tensor1D;
};

function architecture(config: T5Config, head: Head): Architecture {
  const { answers } = head;
  if (!answers) {
    throw new RequestError(
      "A T5 answers in words: expected a task with words for its labels, as textToText(task, words) makes it.",
    );
  }
  if (answers.maxLength > config.n_positions) {
    throw new RequestError(
      `A T5: expected answers of at most ${config.n_positions} tokens ("n_positions" of config.json), got a task with a ` +
        `maxLength of ${answers.maxLength}.`,
    );
  }
  const parameters = t5Parameters(config);
  const { encoder, decoder } = t5Layers(config);
  const named = canonicalNames({
    parameters,
    prefix: "",
    stacks: [encoder, decoder],
    isBuffer: /^decoder\.block\.0\.layer\.1\.EncDecAttention\.relative_attention_bias\.weight$/, // never read
  });
  return {
    config: exportedT5Config(config),
    parameters,
    matrices: [...stackMatrices(encoder), ...stackMatrices(decoder)],
    maxLength: config.n_positions,
    endToken: config.eos_token_id,
    initializerRange: config.initializer_factor,
    canonicalName: (nameInFile) => named(nameInFile.replace(/^transformer\./, "")),
    collate: (examples, bucket) => collate(config, examples, { ...bucket, maxTargetLength: answers.maxLength }),
    losses: (parameter, batch: T5Batch, context) =>
      losses({ config, parameter, draw: drawDropout(context), batch: batch.inputIds.shape[0] }, batch),
    outputs: (parameter, batch: T5Batch) => outputs(config, parameter, { batch, answers }),
  };
}

function collate(
  config: T5Config,
  examples: readonly EncodedExample[],
  { batchSize, length, targetLength, padId, maxTargetLength }: Bucket & { readonly maxTargetLength: number },
): NamedArrays {
  const targets = examples.map(({ targets = [] }) => targets);
  examples.forEach(({ index, targets }) => {
    if (!targets) return;
    if (targets.length > maxTargetLength) {
      throw new RequestError(
        `Example ${index}: expected a target of at most ${maxTargetLength} tokens (the task's maxLength), got ${targets.length}.`,
      );
    }
    if (targets.at(-1) === config.eos_token_id) return;
    throw new RequestError(
      `Example ${index}: expected a target that ends with the token ${config.eos_token_id} ("eos_token_id" of config.json), ` +
        `got ${targets.at(-1)}; the tokenizer must end each text with it.`,
    );
  });
  const inputs = { batchSize, length, fill: padId },
    outputs = { batchSize, length: targetLength, fill: config.pad_token_id };
  // A missing example attends to one token, so that no softmax is taken over nothing.
  const tokens = Array.from({ length: batchSize }, (_, index) => Array(examples[index]?.ids.length ?? 1).fill(1));
  const perExample = (value: (index: number) => number) => ({
    shape: [batchSize],
    values: Float32Array.from({ length: batchSize }, (_, index) => value(index)),
  });
  const shifted = targets.map((ids) => ids.length > 0 ? [config.decoder_start_token_id, ...ids.slice(0, -1)] : []);
  return {
    inputIds: padRows(examples.map(({ ids }) => ids), inputs),
    attentionMask: padRows(tokens, { ...inputs, fill: 0 }),
    decoderInputIds: padRows(shifted, outputs),
    targetIds: padRows(targets, outputs),
    targetMask: padRows(targets.map((ids) => ids.map(() => 1)), { ...outputs, fill: 0 }),
    meanTargetTokens: perExample(() => targets.flat().length / examples.length),
    exampleMask: perExample((index) => index < examples.length ? 1 : 0),
  };
}

const encoderMask = (attentionMask: tf.Tensor2D): tf.Tensor => {
  const [batch, length] = attentionMask.shape;
  return tf.reshape(tf.cast(attentionMask, "bool"), [batch, 1, 1, length]);
};

// The sum of each example's token losses, in units of the mean number of target tokens per example.
function losses(context: T5Context, batch: T5Batch): tf.Tensor1D {
  const { inputIds, attentionMask, decoderInputIds, targetIds, targetMask, meanTargetTokens } = batch;
  const encoded = encode(context, { ids: inputIds, mask: encoderMask(attentionMask) });
  const logits = vocabularyLogits(context, decode(context, decoderInputIds, encoded));
  const targets = tf.oneHot(tf.reshape(targetIds, [-1]), context.config.vocab_size);
  const tokenLosses = tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1));
  const mask = tf.cast(targetMask, "float32");
  const sums = tf.sum(tf.mul(tf.reshape(tokenLosses, targetIds.shape), mask), 1);
  return tf.div(sums, meanTargetTokens);
}

// Generated token ids, `[batch, length]`, or log-probabilities of candidates, `[batch, candidates]`.
function outputs(
  config: T5Config,
  parameter: ParameterReader,
  { batch, answers: { maxLength, candidates } }: { readonly batch: T5Batch; readonly answers: Answers },
): tf.Tensor2D {
  const context = { config, parameter, draw: () => undefined, batch: batch.inputIds.shape[0] };
  const encoded = encode(context, { ids: batch.inputIds, mask: encoderMask(batch.attentionMask) });
  return candidates ? candidateScores(context, candidates, encoded) : generate(context, maxLength, encoded);
}
