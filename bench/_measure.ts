/**
 * Measurement of a row.
 *
 * @module
 */
import { type MatrixShape, type Precision, RequestError } from "@opf/framework";
import { bert } from "@opf/framework/plugins";
import { measurePairs, spread } from "./_pairs.ts";
import type { RowPlan } from "./_rows.ts";
import { chosen, CONFIG, HEAD, peerModes } from "./_shapes.ts";
import type { CommandLine } from "./_side.ts";
import type { Work } from "./_work.ts";

/** A measured row. Times and bytes are medians. */
export interface Row {
  readonly name: string;
  readonly unit: "s" | "bytes";
  readonly ours: number;
  /** `null` if there is none. */
  readonly peer: number | null;
  /** Over all pairs: ours : peer, or what the row defines; ours for a row without a peer. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number };
  readonly pairs: number;
  /** Processor seconds of a row of times, which show whether other load slowed one side. */
  readonly cpu?: { readonly ours: number; readonly peer: number | null };
  /** Our seconds by number of devices, for work that names them. */
  readonly secondsOn?: Readonly<Record<string, number>>;
}

/** Settings of both sides. */
export interface Sides {
  readonly threads: number;
  readonly python?: string;
  /** What our side computes with. */
  readonly backend: string;
  /** Of both sides. */
  readonly device: "cpu" | "gpu";
  /** Of both sides' training steps. @default "float32" */
  readonly precision?: Precision;
  /** Let PyTorch compile the peers. @default false */
  readonly compile?: boolean;
}

/** Measures one row. */
export async function measureRow(
  plan: RowPlan,
  { sides, pairs }: { sides: Sides; pairs: number },
): Promise<Row> {
  const measured = await measurePairs({
    ours: await ourCommand(repeated(plan.ours, sides), sides),
    ...(plan.peer && { peer: await peerCommand(repeated(plan.peer, sides), sides) }),
    pairs,
    fresh: plan.fresh ?? false,
  });
  const value = plan.value ?? (({ seconds }) => seconds);
  const ratio = plan.ratio ?? ((ours, peer) => ours / peer);
  const median = (values: readonly number[]) => spread(values).median;
  const peers = measured.flatMap(({ peer }) => peer ? [peer] : []);
  const medianOfPeers = (of: (measurement: typeof peers[number]) => number) =>
    peers.length > 0 ? median(peers.map(of)) : null;
  const devices = Object.keys(measured[0]!.ours.secondsOn ?? {});
  return {
    name: plan.name,
    unit: plan.unit,
    ours: median(measured.map(({ ours }) => value(ours))),
    peer: medianOfPeers(value),
    ratio: spread(measured.map(({ ours, peer }) => peer ? ratio(value(ours), value(peer)) : value(ours))),
    pairs,
    ...(plan.unit === "s" && {
      cpu: {
        ours: median(measured.map(({ ours }) => ours.cpuSeconds)),
        peer: medianOfPeers((peer) => peer.cpuSeconds),
      },
    }),
    ...(devices.length > 0 && {
      secondsOn: Object.fromEntries(
        devices.map((count) => [count, median(measured.map(({ ours }) => ours.secondsOn![count]!))]),
      ),
    }),
  };
}

// A step of a GPU takes milliseconds: many are measured together.
const STEPS_ON_GPU = 20;

const repeated = <W extends Work>(work: W, { device }: Sides): W =>
  device === "gpu" && work.work === "step" ? { ...work, repeat: (work.repeat ?? 1) * STEPS_ON_GPU } : work;

async function ourCommand(work: Work, { threads, backend, device, precision }: Sides): Promise<CommandLine> {
  const root = new URL("../", import.meta.url);
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    tasks: { bench: { command: string } };
  };
  const flags = tasks.bench.command.split(" ").slice(1, -1); // between deno and the module
  return [
    Deno.execPath(),
    ...flags,
    new URL("ours.ts", import.meta.url).pathname,
    JSON.stringify({ backend, ...work, threads, device, precision }),
  ];
}

function peerCommand(work: NonNullable<RowPlan["peer"]>, sides: Sides): CommandLine | Promise<CommandLine> {
  if (work.side === "ours") return ourCommand(work, sides);
  if (sides.python === undefined) throw new RequestError("Expected a Python for the peers, got none.");
  const { model_type: _, ...config } = CONFIG;
  const architecture = bert({ source: "bench" }).architecture(CONFIG, HEAD);
  const matrices: readonly { name: string; shape: MatrixShape }[] = work.opf ? chosen(architecture.matrices) : [];
  const { threads, device, precision, compile } = sides;
  const spec = {
    ...work,
    config,
    threads,
    device,
    precision,
    compile,
    ...(work.opf && { modes: peerModes(matrices, work.tensors) }),
  };
  return [sides.python, "-I", new URL("peers/serve.py", import.meta.url).pathname, JSON.stringify(spec)];
}
