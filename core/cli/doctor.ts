/**
 * `deno task doctor`: versions, whether each backend works, and which sources answer.
 *
 * @module
 */
import { checkBackend, type Finding } from "../check/backend.ts";
import type { BackendOptions } from "../backend/engine.ts";
import { messageOf } from "../errors.ts";
import type { Json } from "../json.ts";
import { backendFor, backendNamed, type Registry } from "../registry.ts";
import * as tf from "../backend/tf.ts";
import { readArguments } from "./arguments.ts";
import { print, printError } from "./output.ts";

const SOURCE_SECONDS = 5;

export const DOCTOR_USAGE = `deno task doctor [options]
  prints versions, which backends work, and which sources answer
  --backend NAME     look at this backend alone (all)
  --device cpu|gpu   what they compute on (the GPU if there is one)
  --threads N        their threads (all cores)
  --json             one JSON document on standard output`;

/** Runs the command; returns its exit code: 1 if the requested backend, or the default one, does not work, else 0. */
export async function doctor(args: readonly string[], registry: Registry): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["backend", "device", "threads"] });
  const { deno, v8, typescript } = Deno.version;
  const findings: Finding[] = [{
    name: "versions",
    ok: true,
    detail: `Deno ${deno}, V8 ${v8}, TypeScript ${typescript}, TensorFlow.js ${tf.version_core}`,
  }];
  const name = options.text("backend"),
    device = options.choice("device", ["cpu", "gpu"]),
    threads = options.count("threads");
  const chosen = name === undefined ? backendFor(device, registry) : backendNamed(name, registry);
  const backendOptions: BackendOptions = {
    note: printError,
    ...(device !== undefined && { device }),
    ...(threads !== undefined && { threads }),
  };
  let works = true;
  for (const backend of name === undefined ? registry.backends : [chosen]) {
    const ofBackend = await checkBackend(backend, backendOptions);
    if (backend === chosen) works = ofBackend.every(({ ok }) => ok);
    findings.push(...ofBackend);
  }
  findings.push(
    ...await Promise.all(registry.sources.map(async (source): Promise<Finding> => {
      const { answers, detail } = await source.check(AbortSignal.timeout(1000 * SOURCE_SECONDS))
        .catch((error) => ({ answers: false, detail: messageOf(error) }));
      return { name: `source ${source.name}`, ok: answers, detail };
    })),
  );
  if (options.flag("json")) print(JSON.stringify({ works, findings }));
  else {
    for (const { name, ok, detail } of findings) {
      const text = typeof detail === "string" ? ` ${detail}` : Object.entries(detail as { [key: string]: Json })
        .map(([key, value]) => `\n    ${key}: ${[value].flat().join(", ")}`).join("");
      print(`${ok ? "ok " : "-- "} ${name}:${text}`);
    }
  }
  return works ? 0 : 1;
}
