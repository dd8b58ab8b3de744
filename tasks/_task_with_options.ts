/**
 * Tasks as results describe them.
 *
 * @module
 */
import type { Json, Task } from "@opf/framework";
import { textToText, type Words } from "./text_to_text.ts";

/** The task with the options that a result stored of it: in words if they have some. */
export function taskWithOptions(task: Task, options: Json): Task {
  const { words } = options as unknown as { readonly words?: Words };
  return words ? textToText(task, words) : task;
}
