/**
 * A T5 and a BART on a practice task, from random weights: minutes, no data, no network.
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { bart, mpo, staticTop, t5, taylor, untrained } from "@opf/framework/plugins";
import { practiceAcceptability, practiceWords, textToText } from "@opf/framework/tasks";
import { fileURLToPath } from "node:url";

const folder = (name: string) => fileURLToPath(new URL(`practice/${name}`, import.meta.url));

export default defineExperiment({
  name: "quick-seq2seq",
  description: "Practice: a T5 that answers in words and a BART that answers with logits, both from random weights.",
  models: [
    untrained(t5({ source: folder("t5"), title: "practice-t5" })),
    untrained(bart({ source: folder("bart"), title: "practice-bart" })),
  ],
  tasks: [textToText(practiceAcceptability, practiceWords[practiceAcceptability.name]!)],
  seeds: [1, 2],
  training: {
    epochs: 8,
    batchSize: 8, // fewer and larger steps do not suffice the T5
    learningRate: 1e-3,
    warmupRatio: 0.2,
    factorLearningRate: 2e-4,
    maxLength: 32,
    scoreExamples: 256,
  },
  parameters: { tensors: 5, n: 1 },
  methods: ({ tensors, n }) => ({
    "fine-tuning": {},
    "OPF-MPO static": { decomposition: mpo({ tensors }), policy: staticTop({ n, by: "module", score: taylor() }) },
  }),
  workers: { jobs: 2, maxRetainedBytes: 2e9 },
  notes: [
    "These are practice data from a small grammar and models without pre-training: they show that encoder-decoder models",
    "work, and say nothing about GLUE.",
  ],
});
