/**
 * Why a run failed, and the result that records it.
 *
 * @module
 */
import { messageOf } from "../errors.ts";
import { FILES, hasDoneResult, type Result, toJson, writeTextAtomic } from "../results/result.ts";
import type { ResolvedRun } from "../run/resolve.ts";
import { failedResult } from "../run/write_result.ts";

/** Why a run cannot be done after the one whose weights it needs; `undefined` if it can. */
export function failedPrerequisite(result: Result | undefined): { readonly error: string } | undefined {
  const problem = result?.status === "failed" ? "failed" : result?.diverged ? "diverged" : undefined;
  return problem && { error: `The plain fine-tuning that its score needs (run ${result!.id}) ${problem}.` };
}

/**
 * Writes a failure as the run's result, unless that was done before and failed when it was repeated. A failure that is not
 * written is still returned.
 */
export async function recordFailure(
  run: ResolvedRun,
  { error, runs, note }: { readonly error: string; readonly runs: string; readonly note: (message: string) => void },
): Promise<Result> {
  const result = failedResult(run, error), folder = `${runs}/${run.id}`;
  if (await hasDoneResult(folder, run.id)) return result;
  try {
    await Deno.mkdir(folder, { recursive: true });
    await writeTextAtomic(`${folder}/${FILES.result}`, toJson(result));
  } catch (problem) {
    note(`The failure of run ${run.id} could not be recorded: ${messageOf(problem)}`);
  }
  return result;
}
