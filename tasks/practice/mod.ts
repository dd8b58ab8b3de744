/**
 * Practice tasks: in the formats and metrics of GLUE, made from a small grammar, for machines without data or network. What
 * holds on them says nothing about GLUE.
 *
 * @module
 */
export { practiceAcceptability } from "./acceptability.ts";
export { practiceEntailment } from "./entailment.ts";
export { practiceSentiment } from "./sentiment.ts";
export { practiceSimilarity } from "./similarity.ts";
export { practicePassage } from "./_passage.ts";
export { bartFiles as practiceBartFiles } from "./_bart.ts";
export { t5Files as practiceT5Files } from "./_t5.ts";
export { modelFiles as practiceModelFiles } from "./_tokenizer.ts";
export { practiceWords } from "./_words.ts";
