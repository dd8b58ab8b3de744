/**
 * `deno task doctor`: what there is, what works, and which sources answer.
 *
 * @module
 */
import { engine, useEngine } from "../engine.ts";
import { messageOf } from "../errors.ts";
import type { Json } from "../json.ts";
import { backendNamed, type Parts } from "../parts.ts";
import * as tf from "../tf.ts";
import { readArguments } from "./arguments.ts";
import { print, say } from "./output.ts";

const SOURCE_SECONDS = 5;

/** One thing that was looked at. */
interface Finding {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: Json;
}

/** Runs the command; gives its exit code: 1 when the engine does not work, 0 also when a source is silent. */
export async function doctor(args: readonly string[], parts: Parts): Promise<number> {
  const options = readArguments(args, { boolean: ["json"], string: ["backend", "device", "threads"] });
  const { deno, v8, typescript } = Deno.version;
  const findings: Finding[] = [{
    name: "versions",
    ok: true,
    detail: `Deno ${deno}, V8 ${v8}, TypeScript ${typescript}, TensorFlow.js ${tf.version_core}`,
  }];
  let works = true;
  try {
    const device = options.text("device"), threads = options.count("threads");
    const started = await backendNamed(options.text("backend"), parts).start({
      note: say,
      ...(device !== undefined && { device: device as "cpu" | "gpu" }),
      ...(threads !== undefined && { threads }),
    });
    useEngine(started);
    findings.push({ name: started.name, ok: true, detail: started.description }, checkProduct(), checkSvd());
    works = findings.every(({ ok }) => ok);
  } catch (error) {
    works = false;
    findings.push({ name: "engine", ok: false, detail: messageOf(error) });
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

const largest = (tensor: tf.Tensor) => tf.max(tf.abs(tensor)).dataSync()[0]!;

// [[1, 2], [3, 4]] · [[5, 6], [7, 8]]
const checkProduct = (): Finding =>
  tf.tidy(() => {
    const product = tf.matMul(tf.tensor2d([[1, 2], [3, 4]]), tf.tensor2d([[5, 6], [7, 8]]));
    const error = largest(tf.sub(product, [[19, 22], [43, 50]]));
    return { name: "product", ok: error === 0, detail: `2×2, largest error ${error}` };
  });

// [[3, 0], [4, 5]] has the singular values √45 and √5.
const checkSvd = (): Finding =>
  tf.tidy(() => {
    const matrix = tf.tensor2d([[3, 0], [4, 5]]);
    const { u, s, v } = engine().svd(matrix);
    const again = tf.matMul(tf.mul(u, s) as tf.Tensor2D, v, false, true);
    const error = Math.max(largest(tf.sub(s, [Math.sqrt(45), Math.sqrt(5)])), largest(tf.sub(again, matrix)));
    return { name: "svd", ok: error < 1e-5, detail: `2×2, largest error ${error.toExponential(1)}` };
  });
