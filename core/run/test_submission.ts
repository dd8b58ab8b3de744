/**
 * Files of predictions on test sets without labels, from a run's merged model.
 *
 * @module
 */
import { join } from "node:path";
import { exists } from "../io/cache.ts";
import { RequestError } from "../errors.ts";
import { modelFor, type Registry, taskNamed } from "../registry.ts";
import { countUnlabeled, headPredictions, NO_LABEL } from "../model/head.ts";
import { loadPretrained, readConfig } from "../model/pretrained.ts";
import { openWeights } from "../model/weights_file.ts";
import { RandomKey } from "../random.ts";
import type { Repository } from "../source.ts";
import type { Task, TestSet } from "../task.ts";
import type { Json } from "../json.ts";
import * as tf from "../backend/tf.ts";
import { loadTokenizer } from "../model/pretrained_tokenizer.ts";
import { checkTokenIds } from "../model/tokenizer_fit.ts";
import { Evaluator } from "../training/logits.ts";
import type { TrainingSettings } from "../training/settings.ts";
import type { Result } from "../results/result.ts";
import { withTokenizer } from "./task_for_model.ts";

/** A file to submit. */
export interface Submission {
  /** Its name, `MRPC.tsv`. */
  readonly file: string;
  /** A header `index`, `prediction`, and a line per example. */
  readonly text: string;
  /** Generated texts that are no label; the file has the first class for them, or the lowest score. */
  readonly unlabeled: number;
}

/** Where the model and the test sets are. */
export interface TestPredictionsOptions {
  /** Folder of the run's merged model. */
  readonly model: string;
  readonly parts: Registry;
  /** `--data`. */
  readonly data?: string;
}

// The task with what a result says of it, such as the words that it is answered in.
function taskOf({ task: name, settings }: Result, parts: Registry): Task {
  const task = taskNamed(name, parts);
  const { options = {} } = (settings as { readonly task?: { readonly options?: Json } }).task ?? {};
  return task.withOptions?.(options) ?? task;
}

/** Finds the test sets of a run's task: before the engine starts, so that a request without data starts nothing. */
export async function testSets(
  result: Result,
  { parts, data }: Pick<TestPredictionsOptions, "parts" | "data">,
): Promise<readonly TestSet[]> {
  const { tests } = taskOf(result, parts);
  if (!tests) throw new RequestError(`The task "${result.task}" has no test set without labels.`);
  return await tests.load({ ...(data !== undefined && { folder: data }), sources: parts.sources });
}

/** The predictions of a run's model on test sets; the engine must have started. */
export async function testPredictions(
  result: Result,
  sets: readonly TestSet[],
  { model, parts }: TestPredictionsOptions,
): Promise<Submission[]> {
  const { training: { batchSize, maxLength } } = result.settings as unknown as { training: TrainingSettings };
  const repository: Repository = {
    origin: { folder: model },
    file: async (name) => await exists(join(model, name)) ? join(model, name) : undefined,
  };
  const config = await readConfig(repository);
  const plugin = modelFor(config.model_type, { source: model, plugins: parts.plugins });
  const tokenizer = await loadTokenizer(repository, { tokenizerClass: plugin.tokenizer });
  const task = withTokenizer(taskOf(result, parts), tokenizer);
  const architecture = plugin.architecture(config, task.head);
  const weights = await openWeights(repository);
  const tensors = loadPretrained(await weights.read(), { architecture, key: RandomKey.of(0) });
  try {
    const evaluator = Evaluator.dense(architecture, { batchSize, maxLength, padId: tokenizer.padId });
    const submissions: Submission[] = [];
    for (const { file, examples } of sets) {
      const encoded = examples.map(({ index, texts }) => ({ index, label: 0, ...tokenizer.encode(texts, maxLength) }));
      checkTokenIds(encoded, { architecture, tokenizer, set: file });
      const throwIfInterrupted = () => Promise.resolve();
      const logits = await evaluator.logits([...tensors.values()], { examples: encoded, throwIfInterrupted });
      const rows = headPredictions(logits, task.head).map((prediction, at) => {
        const isNone = prediction === NO_LABEL && task.head.kind === "classification"; // a score below the scale is clipped
        return `${examples[at]!.index}\t${task.tests!.write(isNone ? 0 : prediction)}\n`;
      });
      const unlabeled = countUnlabeled(logits, task.head);
      submissions.push({ file, text: `index\tprediction\n${rows.join("")}`, unlabeled });
    }
    return submissions;
  } finally {
    tf.dispose([...tensors.values()]);
  }
}
