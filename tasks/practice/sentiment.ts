/**
 * The practice counterpart of SST-2: is a review positive or negative?
 *
 * @module
 */
import type { Task } from "@opf/framework";
import { accuracy } from "../metrics.ts";
import { flips, practiceTask } from "./_practice.ts";
import { review } from "./_review.ts";

/** Sentiment: class 1 is praise; one label in twenty is flipped. */
export const practiceSentiment: Task = practiceTask({
  name: "practice-sentiment",
  head: { kind: "classification", outputs: 2, labels: ["negative", "positive"] },
  primary: "accuracy",
  metrics: [accuracy],
  rows: { train: 1536, dev: 512 },
  example: (draw) => {
    const { text, value } = review(draw, { plain: 0.6 });
    return { texts: [text], label: value > 0 ? 1 : 0 };
  },
  noise: flips(0.05),
});
