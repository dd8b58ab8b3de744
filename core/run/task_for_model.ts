/**
 * A task as a model takes it.
 *
 * @module
 */
import type { LanguageModel } from "../model/model.ts";
import type { Tokenizer } from "../model/tokenizer.ts";
import type { Task } from "../task.ts";

/** The task in words, or in classes for a model that does not answer in words. */
export const taskFor = ({ answersInWords }: LanguageModel, task: Task): Task =>
  answersInWords ? task : task.inClasses ?? task;

/** A task that knows the tokens of its words. */
export const withTokenizer = (task: Task, tokenizer: Tokenizer): Task => task.withTokenizer?.(tokenizer) ?? task;
