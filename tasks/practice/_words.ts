/**
 * The practice tasks in words.
 *
 * @module
 */
import type { Words } from "../text_to_text.ts";

/** How a model that answers in words reads and answers the practice tasks, by task; as {@linkcode glueWords} those of GLUE. */
export const practiceWords: { readonly [task: string]: Words } = {
  "practice-acceptability": {
    template: "acceptability sentence: {0}",
    labels: ["unacceptable", "acceptable"],
    maxLength: 4,
  },
  "practice-sentiment": { template: "sentiment sentence: {0}", labels: ["negative", "positive"], maxLength: 4 },
  "practice-similarity": { template: "similarity first: {0} second: {1}", step: 0.2 },
  "practice-entailment": {
    template: "entailment first: {0} second: {1}",
    labels: ["entailment", "not_entailment"],
    maxLength: 4,
  },
};
