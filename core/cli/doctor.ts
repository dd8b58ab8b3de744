/**
 * `deno task doctor`: what there is, what works, and which sources answer.
 *
 * @module
 */
import { checkBackend, type Finding } from "../check/backend.ts";
import type { BackendOptions } from "../backend/engine.ts";
import { messageOf } from "../errors.ts";
import type { Json } from "../json.ts";
import { backendNamed, type Registry } from "../registry.ts";
import * as tf from "../backend/tf.ts";
import { readArguments } from "./arguments.ts";
import { print, say } from "./output.ts";

const SOURCE_SECONDS = 5;

/** Runs the command; gives its exit code: 1 when the backend that is named, or the usual one, does not work, 0 also when a source is silent. */
export async function doctor(args: readonly string[], parts: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["backend", "device", "threads"] });
  const { deno, v8, typescript } = Deno.version;
  const findings: Finding[] = [{
    name: "versions",
    ok: true,
    detail: `Deno ${deno}, V8 ${v8}, TypeScript ${typescript}, TensorFlow.js ${tf.version_core}`,
  }];
  const named = options.text("backend"), device = options.text("device"), threads = options.count("threads");
  const chosen = backendNamed(named, parts);
  const started: BackendOptions = {
    note: say,
    ...(device !== undefined && { device: device as "cpu" | "gpu" }),
    ...(threads !== undefined && { threads }),
  };
  let works = true;
  for (const backend of named === undefined ? parts.backends : [chosen]) {
    const found = await checkBackend(backend, started);
    if (backend === chosen) works = found.every(({ ok }) => ok);
    findings.push(...found);
  }
  findings.push(
    ...await Promise.all(parts.sources.map(async (source): Promise<Finding> => {
      const { answers, detail } = await source.check(AbortSignal.timeout(1000 * SOURCE_SECONDS))
        .catch((error) => ({ answers: false, detail: messageOf(error) }));
      return { name: `source ${source.name}`, ok: answers, detail };
    })),
  );
  if (options.flag("json")) print(JSON.stringify({ works, findings }));
  else {
    for (const { name, ok, detail } of findings) {
      const text = typeof detail === "string" ? detail : Object.entries(detail as { [key: string]: Json })
        .map(([key, value]) => `\n    ${key}: ${[value].flat().join(", ")}`).join("");
      print(`${ok ? "ok " : "-- "} ${name}: ${text}`);
    }
  }
  return works ? 0 : 1;
}
