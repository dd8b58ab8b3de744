/**
 * Our side of `deno task bench`: prepares its work, then measures it once for every line on standard input.
 *
 * @module
 */
import {
  type Backend,
  type EncodedExample,
  type Engine,
  engine,
  type Precision,
  RandomKey,
  RequestError,
  tf,
  useEngine,
  Weights,
} from "@opf/framework";
import { bert, tensorflow, wasm, xla } from "@opf/framework/plugins";
import { cpuUsage } from "node:process";
import { print, printError } from "../core/cli/output.ts";
import { TextLineStream } from "../core/io/text_lines.ts";
import { initialize } from "../core/model/initialize.ts";
import { collate } from "../core/training/batches.ts";
import { Evaluator } from "../core/training/logits.ts";
import { TRAINING_DEFAULTS } from "../core/training/settings.ts";
import { Stepper } from "../core/training/step.ts";
import { StepReports } from "../core/training/step_reports.ts";
import { chosen, CONFIG, decomposition, HEAD } from "./_shapes.ts";
import type { Measurement, Work } from "./_work.ts";

/** The work and what it is done with. */
interface OurWork extends Work {
  readonly threads: number;
  readonly device?: "cpu" | "gpu";
  readonly precision?: Precision;
}

const work: OurWork = JSON.parse(Deno.args[0]!);
const key = RandomKey.of(1);

function newWeights(layers = CONFIG.num_hidden_layers): Weights {
  const architecture = bert({ source: "bench" }).architecture({ ...CONFIG, num_hidden_layers: layers }, HEAD);
  const tensors = architecture.parameters.map((parameter) => {
    const options = { key: key.fold(parameter.name), width: architecture.initializerRange };
    // Uniform numbers from the engine, because drawing millions of normal ones on the host would raise the peak memory.
    const uniform = () =>
      tf.mul(tf.sub(engine().randomUniform(options.key, parameter.shape), 0.5), options.width * Math.sqrt(12));
    const { initial = "normal" } = parameter;
    const value = initial === "normal" ? tf.tidy(uniform) : initialize(parameter, options);
    return [parameter.name, value] as const;
  });
  return new Weights(architecture, new Map(tensors));
}

function overParameterize(weights: Weights, { tensors, matrices = 18, layers }: Work): void {
  const all = layers === undefined ? {} : { layers: Array.from({ length: layers }, (_, layer) => layer) };
  const names = chosen(weights.architecture.matrices, { ...all, count: matrices }).map(({ name }) => name);
  weights.factorize(names, { decomposition: decomposition(tensors), key });
}

async function batchesOf({ batchSize = 32, length = 128, batches }: Work): Promise<EncodedExample[][]> {
  if (batches !== undefined) return JSON.parse(await Deno.readTextFile(batches));
  const ids = key.fold("ids").bits(batchSize * length);
  return [Array.from({ length: batchSize }, (_, index) => ({
    index,
    label: index % 2,
    ids: [...ids.subarray(index * length, (index + 1) * length)].map((id) => 5 + id % (CONFIG.vocab_size - 5)),
    tokenTypeIds: Array<number>(length).fill(0),
  }))];
}

const shapeOf = ({ batchSize = 32, length = 128 }: Work) => ({ batchSize, maxLength: length, padId: 0 });

let previous: Weights | undefined;

// Of steps, which are started ahead as a run starts them.
const reports = new StepReports(() => {});

/** Prepares the work. Returns the function that is measured. */
async function prepare(work: OurWork): Promise<() => unknown> {
  previous?.dispose();
  const weights = previous = newWeights(work.layers);
  if (work.work === "decompose") return () => overParameterize(weights, work);
  if (work.opf) overParameterize(weights, work);
  const batches = await batchesOf(work);
  const shape = shapeOf(work);
  if (work.work === "step") {
    const { precision = "float32" } = work;
    const options = { optimizer: TRAINING_DEFAULTS, maxGradNorm: 1, precision, isTrainable: () => true };
    const stepper = new Stepper(weights, options);
    const { architecture } = weights;
    let step = 0;
    return async () => {
      for (const examples of batches) {
        const started = performance.now();
        const batch = collate(examples, { architecture, shape });
        await reports.add({ started, report: stepper.start([batch], { key: key.fold(step++), rate: 1 }) });
      }
    };
  }
  // Evaluation of a factorized model merges it first; for inference it has been merged before.
  const evaluator = Evaluator.dense(weights.architecture, shape);
  const throwIfInterrupted = () => Promise.resolve();
  const examples = Array.from({ length: work.repeat ?? 1 }, () => batches[0]!).flat();
  if (work.work === "inference") {
    const merged = [...weights.toDense().values()];
    return () => evaluator.logits(merged, { examples, throwIfInterrupted });
  }
  return async () => {
    const merged = weights.toDense();
    await evaluator.logits([...merged.values()], { examples, throwIfInterrupted });
    tf.dispose([...merged.values()]);
  };
}

if (work.cold) Deno.env.set("OPF_COMPILED", "off");
const backend = ([xla, wasm] as Backend[]).find(({ name }) => name === work.backend) ?? tensorflow;
const { threads, device } = work;

/** The work on one of the numbers of devices. */
interface Prepared {
  readonly devices: number;
  readonly engine: Engine;
  run: () => unknown;
}

const prepared: Prepared[] = [];
for (const devices of await available(work.devices ?? [1])) {
  const engine = useEngine(await start(devices));
  previous = undefined;
  prepared.push({ devices, engine, run: await prepare(work) });
}

function start(devices: number): Promise<Engine> {
  const options = { threads, note: printError, ...(device && { device }), ...(devices > 1 && { devices }) };
  return backend.start(options);
}

/** Those of the numbers of devices that this machine has, or one device. */
async function available(counts: readonly number[]): Promise<number[]> {
  const found: number[] = [];
  for (const devices of counts) {
    try {
      await start(devices);
      found.push(devices);
    } catch (error) {
      if (!(error instanceof RequestError) || devices === 1) throw error;
      printError(`${devices} devices are left out. ${error.message}`);
    }
  }
  return found.length > 0 ? found : [1];
}

async function secondsOf({ engine, run }: Prepared, times: number): Promise<number> {
  useEngine(engine);
  const started = performance.now();
  for (let time = 0; time < times; time++) await run();
  await reports.settle();
  return (performance.now() - started) / 1000;
}

async function measure(own: Prepared) {
  if (decomposes) own.run = await prepare(work);
  const repeat = work.repeat ?? 1;
  const before = cpuUsage();
  const seconds = await secondsOf(own, repeatsItself ? 1 : repeat) / repeat;
  const { user, system } = cpuUsage(before);
  return { seconds, cpuSeconds: (user + system) / 1e6 / repeat };
}

const repeatsItself = work.work === "evaluate" || work.work === "inference";
const decomposes = work.work === "decompose";
let firstSeconds = 0;
for (const own of prepared) {
  firstSeconds = await secondsOf(own, 1);
  if (!decomposes) await secondsOf(own, (work.warm ?? 1) - 1);
}
print(JSON.stringify({ ready: true }));
for await (const _ of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
  const secondsOn: Record<string, number> = {};
  let last = { seconds: 0, cpuSeconds: 0 };
  for (const own of prepared) {
    last = await measure(own);
    secondsOn[own.devices] = last.seconds;
  }
  const { peakBytes, device } = engine().memory();
  const measurement: Measurement = {
    ...last,
    ...(work.devices && { secondsOn }),
    firstSeconds,
    peakBytes: device?.peakBytes ?? peakBytes,
  };
  print(JSON.stringify(measurement));
}
Deno.exit(0);
