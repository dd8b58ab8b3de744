/**
 * Writes the config and the tokenizer of the practice T5 and BART, `experiments/practice/t5` and `experiments/practice/bart`,
 * from the practice grammar. They have no weights: runs start from random ones. From the root of this tree:
 *
 *     deno run --allow-read --allow-write tools/write_practice_models.ts
 *
 * @module
 */
import { practiceBartFiles, practiceT5Files } from "@opf/framework/tasks";
import { fileURLToPath } from "node:url";

for (const [model, files] of Object.entries({ t5: practiceT5Files(), bart: practiceBartFiles() })) {
  const folder = fileURLToPath(new URL(`../experiments/practice/${model}`, import.meta.url));
  await Deno.mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, content);
}
