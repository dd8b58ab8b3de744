/**
 * How XLA compiles programs.
 *
 * @module
 */
import type { Bytes } from "./struct.ts";

/** Values of XLA's flags by name, those of `XLA_FLAGS` without the dashes: `{ xla_gpu_deterministic_ops: true }`. */
export type Flags = Readonly<Record<string, boolean | number | string>>;

/** Flags for CPUs: minima and maxima of what is not a number are not numbers, as on GPUs. */
export function cpuFlags(env: Pick<Deno.Env, "get"> = Deno.env): Flags {
  const name = "xla_cpu_enable_fast_min_max";
  return env.get("XLA_FLAGS")?.includes(name) ? {} : { [name]: false };
}

/** Flags for GPUs: two runs of one seed give the same bits, unless `OPF_XLA_DETERMINISTIC` is `0`. */
export function gpuFlags(env: Pick<Deno.Env, "get"> = Deno.env): Flags {
  const name = "xla_gpu_deterministic_ops";
  if (env.get("XLA_FLAGS")?.includes(name)) return {}; // the user's own choice
  return { [name]: env.get("OPF_XLA_DETERMINISTIC") !== "0" };
}

/** A serialized `CompileOptionsProto`: the devices that run a program together, and flags other than the process's. */
export function compileOptions({ replicas = 1, flags = {} }: {
  readonly replicas?: number;
  readonly flags?: Flags;
} = {}): Bytes {
  // executable_build_options (3): num_replicas (4), num_partitions (5); env_option_overrides (7), a map
  const build = field(3, [...integer(4, replicas), ...integer(5, 1)]);
  const overrides = Object.entries(flags).flatMap(([name, value]) =>
    field(7, [...field(1, encode(name)), ...field(2, override(value))])
  );
  return Uint8Array.from([...build, ...overrides]);
}

// OptionOverrideProto: string (1), bool (2), int64 (3)
const override = (value: boolean | number | string): number[] =>
  typeof value === "string" ? field(1, encode(value)) : integer(typeof value === "boolean" ? 2 : 3, Number(value));

/** A field of bytes: its number, its length, the bytes. */
const field = (number: number, bytes: readonly number[]): number[] => [
  ...varint(number << 3 | 2),
  ...varint(bytes.length),
  ...bytes,
];

/** A field of an integer, not negative. */
const integer = (number: number, value: number): number[] => [...varint(number << 3), ...varint(value)];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push(value % 128 | 128);
  return [...bytes, value];
}

const encode = (text: string): number[] => [...new TextEncoder().encode(text)];
