/**
 * The folder of all runs, before anything starts.
 *
 * @module
 */
import { dirname } from "node:path";
import { messageOf, RequestError } from "../errors.ts";
import { exists } from "../io/cache.ts";
import { manifestPath, readManifestFile } from "../results/manifest.ts";

/**
 * Checks that an experiment can write to the folder, without making it.
 *
 * @throws {RequestError} if no file can be written there, or the manifest of another experiment would be replaced
 */
export async function checkRunsFolder(runs: string, experiment: string): Promise<void> {
  try {
    let folder = runs;
    while (!await exists(folder)) folder = dirname(folder);
    await Deno.remove(await Deno.makeTempFile({ dir: folder, suffix: ".tmp" }));
  } catch (error) {
    throw new RequestError(`The folder of runs ${runs} cannot be written: ${messageOf(error)}.`);
  }
  const manifest = await readManifestFile(manifestPath(experiment, runs)).catch(() => undefined); // a damaged one is replaced
  if (manifest && manifest.experiment !== experiment) {
    throw new RequestError(
      `${runs} holds the experiment "${manifest.experiment}", and the manifest of "${experiment}" would replace its own: ` +
        "expected another name, or another folder.",
    );
  }
}
