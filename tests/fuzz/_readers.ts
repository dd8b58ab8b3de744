/**
 * Everything that reads files which others wrote, with small valid files of each kind.
 *
 * @module
 */
import { declarations } from "./_declaration_reader.ts";
import type { FileReader } from "./_fuzz.ts";
import { configs, weightsIndex } from "./_model_readers.ts";
import { events, manifests, predictions, results } from "./_run_readers.ts";
import { parquet, tsv } from "./_table_readers.ts";
import { checkpoints, safetensors } from "./_tensor_readers.ts";
import { pairFiles, tokenizerJson, vocabulary } from "./_tokenizer_readers.ts";
import { wheels } from "./_wheel_reader.ts";

/** All of them. */
export async function readers(): Promise<FileReader[]> {
  return [
    ...[safetensors, weightsIndex, checkpoints, tsv, await parquet()],
    ...[tokenizerJson, vocabulary, pairFiles, configs, declarations],
    ...[results, predictions, events, manifests, wheels],
  ];
}
