/**
 * Tasks for models that answer in words.
 *
 * @module
 */
import { type Answers, type Example, RequestError, type Task, type Tokenizer } from "@opf/framework";

const DECODES = ["greedy", "rank"] as const;

/** How a model chooses its answer. */
export type Decode = (typeof DECODES)[number];

/** How a task reads and answers in words. */
export interface Words {
  /** The input; `{0}` and, for pairs, `{1}` stand for the texts of an example: `rte sentence1: {0} sentence2: {1}`. */
  readonly template: string;
  /** The answer for each class. */
  readonly labels?: readonly string[];
  /** For numbers: they are rounded to multiples of this, itself a multiple of 0.1, and written with one decimal. */
  readonly step?: number;
  /** Tokens of the longest answer, the one that ends it included. @default 8 */
  readonly maxLength?: number;
  /**
   * How a model answers: `"greedy"`, by the likeliest token after token, whatever they spell; `"rank"`, by the label's word
   * of the largest total log-probability, the first of equal ones. @default "greedy"
   */
  readonly decode?: Decode;
}

/**
 * The words that T5 was trained on for GLUE (Raffel et al. 2020, appendix D), by task.
 *
 * @example
 * ```ts
 * import { glueWords } from "@opf/framework/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(glueWords.rte!.labels, ["entailment", "not_entailment"]);
 * ```
 */
export const glueWords: { readonly [task: string]: Words } = {
  cola: { template: "cola sentence: {0}", labels: ["unacceptable", "acceptable"] },
  mnli: {
    template: "mnli hypothesis: {1} premise: {0}",
    labels: ["entailment", "neutral", "contradiction"],
  },
  mrpc: { template: "mrpc sentence1: {0} sentence2: {1}", labels: ["not_equivalent", "equivalent"] },
  qnli: { template: "qnli question: {0} sentence: {1}", labels: ["entailment", "not_entailment"] },
  qqp: { template: "qqp question1: {0} question2: {1}", labels: ["not_duplicate", "duplicate"] },
  rte: { template: "rte sentence1: {0} sentence2: {1}", labels: ["entailment", "not_entailment"] },
  sst2: { template: "sst2 sentence: {0}", labels: ["negative", "positive"] },
  stsb: { template: "stsb sentence1: {0} sentence2: {1}", step: 0.2 },
};

/**
 * A task for a model that reads one text and answers in words, such as T5: examples become texts by the template, labels
 * become words, and generated texts are read back. A text that is no label is wrong, and is counted in the result. A model
 * that answers with logits takes the task as it was.
 *
 * @throws {RequestError} for words that do not fit the task
 *
 * @example
 * ```ts
 * import { glueWords, mrpc, textToText } from "@opf/framework/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const task = textToText(mrpc, glueWords.mrpc!);
 * assertEquals([task.name, task.head.answers?.maxLength], ["mrpc", 8]);
 * ```
 */
export function textToText(task: Task, words: Words): Task {
  checkWords(task, words);
  const { template, maxLength = 8, decode = "greedy" } = words;
  const { tests, ...rest } = task;
  const convert = (examples: readonly Example[]) =>
    examples.map((example): Example => {
      checkTexts(task, { example, template });
      return {
        ...example,
        texts: [template.replace(/\{([01])\}/g, (_, index) => example.texts[Number(index)]!)],
        ...(example.label !== undefined && { target: wordsOf(example.label, words) }),
      };
    });
  return {
    ...rest,
    inClasses: task,
    options: { ...(task.options as object | undefined), words: { ...words, maxLength, decode } },
    head: { ...task.head, answers: { maxLength } },
    load: async (context) => {
      const { train, dev, additionalDev, ...data } = await task.load(context);
      return {
        ...data,
        train: convert(train),
        dev: convert(dev),
        ...(additionalDev && {
          additionalDev: Object.fromEntries(
            Object.entries(additionalDev).map(([name, examples]) => [name, convert(examples)]),
          ),
        }),
      };
    },
    ...(tests && {
      tests: {
        ...tests,
        load: async (context) =>
          (await tests.load(context)).map(({ examples, ...set }) => ({ ...set, examples: convert(examples) })),
      },
    }),
    withTokenizer: (tokenizer) => ({
      ...textToText(task, words),
      head: { ...task.head, answers: answersOf(tokenizer, { name: task.name, words, maxLength, decode }) },
    }),
  };
}

const KEYS = ["template", "labels", "step", "maxLength", "decode"];

// Experiments run without a check of types, hence the first three.
function checkWords({ name, head, inClasses }: Task, words: Words | undefined): void {
  const refuse = (problem: string): never => {
    throw new RequestError(`textToText(${name}): ${problem}.`);
  };
  if (inClasses) refuse("expected a task whose labels are classes or numbers, got one that has words already");
  if (typeof words?.template !== "string") refuse("expected words with a template, got none");
  const { template, labels, step, maxLength = 8, decode = "greedy" } = words!;
  const unknown = Object.keys(words!).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) refuse(`expected only ${KEYS.join(", ")}, got "${unknown}"`);
  if (labels && !(Array.isArray(labels) && labels.every((label) => typeof label === "string"))) {
    refuse(`expected a list of texts as labels, got ${JSON.stringify(labels)}`);
  }
  if (!template.includes("{0}")) refuse(`expected a template with {0} for the first text, got "${template}"`);
  const place = template.match(/\{(?![01]\})\d+\}/)?.[0];
  if (place) refuse(`expected a template with {0} and, for pairs, {1}, got ${place} in "${template}"`);
  if (!(Number.isInteger(maxLength) && maxLength >= 2)) {
    refuse(`expected a maxLength of at least 2 tokens, got ${JSON.stringify(maxLength)}`);
  }
  if (!DECODES.includes(decode)) refuse(`expected a decode of ${DECODES.join(" or ")}, got "${decode}"`);
  if (head.kind === "regression") {
    if (decode === "rank") refuse('expected labels that decode: "rank" can choose among, got numbers');
    if (labels) refuse(`expected a step that numbers are rounded to, and no labels, got ${JSON.stringify(labels)}`);
    const tenths = Number(step) * 10;
    if (!(tenths >= 1 && Math.abs(tenths - Math.round(tenths)) < 1e-9)) {
      refuse(`expected a step that numbers are rounded to, a multiple of 0.1, got ${step}`);
    }
    return;
  }
  if (step !== undefined) refuse(`expected words for labels, and no step, got a step of ${step}`);
  if (labels?.length !== head.outputs) {
    refuse(`expected words for ${head.outputs} labels, got ${labels?.length ?? "none"}`);
  }
  const plain = labels!.map((label) => label.trim());
  const twice = plain.find((label, index) => label === "" || plain.indexOf(label) !== index);
  if (twice !== undefined) refuse(`expected different words for each label, got "${twice}" more than once or empty`);
}

/** Refuses a template that leaves a text of an example out, or has a place for one more. */
function checkTexts(
  { name }: Task,
  { example: { index, texts }, template }: { readonly example: Example; readonly template: string },
): void {
  if (template.includes("{1}") === (texts.length === 2)) return;
  const expected = texts.length === 2 ? "with {1} for the second text" : "without {1}, since there is one text";
  throw new RequestError(`textToText(${name}), example ${index}: expected a template ${expected}, got "${template}".`);
}

/** A label in words. */
function wordsOf(label: number, { labels, step }: Words): string {
  if (labels) return labels[label]!.trim();
  const multiple = label * (1 / step!), below = Math.floor(multiple);
  // A half is rounded to the even multiple, as T5's preprocessing does.
  const rounded = multiple - below === 0.5 ? below + below % 2 : Math.round(multiple);
  return (rounded * step!).toFixed(1);
}

function answersOf(
  tokenizer: Tokenizer,
  { name, words, maxLength, decode }: Pick<Required<Words>, "maxLength" | "decode"> & {
    readonly name: string;
    readonly words: Words;
  },
): Answers {
  const write = tokenizer.decode;
  if (!write) {
    throw new RequestError(
      `textToText(${name}): expected a tokenizer that can write text, got one of another decoder.`,
    );
  }
  const read = (ids: readonly number[]) => write(ids).trim();
  const candidates = words.labels?.map((word) => [...tokenizer.encode([word.trim()], Infinity).ids]);
  if (candidates) checkReadings(candidates, { name, labels: words.labels! });
  for (const word of words.labels ?? scores(words.step!)) {
    const { ids } = tokenizer.encode([word], Infinity);
    if (ids.length > maxLength) {
      throw new RequestError(
        `textToText(${name}): expected answers of at most ${maxLength} tokens (maxLength), got ${ids.length} for "${word}".`,
      );
    }
    if (read(ids) !== word.trim()) {
      throw new RequestError(`textToText(${name}): the tokenizer reads "${word}" back as "${read(ids)}".`);
    }
  }
  const classes = new Map(words.labels?.map((label, index) => [label.trim(), index]));
  const predictionOf = (text: string): number | undefined => {
    if (words.labels) return classes.get(text);
    return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
  };
  return {
    maxLength,
    ...(candidates && decode === "rank" && { candidates }),
    read: (ids) => {
      const text = read(ids), prediction = predictionOf(text);
      return { text, ...(prediction !== undefined && { prediction }) };
    },
  };
}

// Numbers as they are written, up to those of GLUE.
const scores = (step: number): string[] =>
  Array.from({ length: Math.floor(5 / step) + 1 }, (_, index) => (index * step).toFixed(1));

// Tokens that begin those of another label could mean either.
function checkReadings(
  candidates: readonly (readonly number[])[],
  { name, labels }: { readonly name: string; readonly labels: readonly string[] },
): void {
  candidates.forEach((ids, label) => {
    const other = candidates.findIndex((longer, index) => index !== label && ids.every((id, at) => id === longer[at]));
    if (other < 0) return;
    throw new RequestError(
      `textToText(${name}): expected words whose tokens have one reading, got "${labels[label]}", whose tokens ` +
        `${ids.length === candidates[other]!.length ? "are those" : "begin those"} of "${labels[other]}".`,
    );
  });
}
