/**
 * The machines that libtensorflow is made for, and what a file of it says about its own.
 *
 * @module
 */
import { RequestError } from "@opf/framework";
import type { Wheel } from "../../_wheels.ts";

/** The build of libtensorflow: `cuda` computes on NVIDIA's GPUs, and on the CPU where there is none. */
export type Variant = "cpu" | "cuda";

/** What is known of one kind of machine. */
export interface Platform {
  /** `linux-x86_64`. */
  readonly name: string;
  /** What the header of a library for it says: `ELF x86_64`. */
  readonly machine: string;
  /** Names of the library that has the eager runtime; the first is the wheel's, the second the C tarball's. */
  readonly cc: readonly string[];
  readonly framework: string;
  /** The wheel that has each variant; none: there is no such build. */
  readonly wheels: { readonly [V in Variant]?: Wheel };
}

/** The version of TensorFlow that is fetched. */
export const VERSION = "2.21.0";

const LINUX = {
  cc: ["libtensorflow_cc.so.2", "libtensorflow.so.2"],
  framework: "libtensorflow_framework.so.2",
};

/** Every platform that the wheels are made for. */
export const PLATFORMS: readonly Platform[] = [
  {
    ...LINUX,
    name: "linux-x86_64",
    machine: "ELF x86_64",
    wheels: {
      cpu: {
        name: "tensorflow-cpu",
        version: VERSION,
        platform: "manylinux_2_27_x86_64",
        sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
        bytes: 273_829_956,
      },
      cuda: {
        name: "tensorflow",
        version: VERSION,
        platform: "manylinux_2_27_x86_64",
        sha256: "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
        bytes: 572_440_367,
      },
    },
  },
  {
    ...LINUX,
    name: "linux-aarch64",
    machine: "ELF aarch64",
    wheels: {
      cpu: {
        name: "tensorflow",
        version: VERSION,
        platform: "manylinux_2_27_aarch64",
        sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
        bytes: 281_828_020,
      },
    },
  },
  {
    name: "darwin-aarch64",
    machine: "Mach-O aarch64",
    cc: ["libtensorflow_cc.2.dylib", "libtensorflow.2.dylib"],
    framework: "libtensorflow_framework.2.dylib",
    wheels: {
      cpu: {
        name: "tensorflow",
        version: VERSION,
        platform: "macosx_12_0_arm64",
        sha256: "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
        bytes: 223_405_849,
      },
    },
  },
];

/**
 * The platform of a machine, by Deno's names.
 *
 * @throws {RequestError} where there is no libtensorflow for it
 */
export function platformOf({ os, arch }: { readonly os: string; readonly arch: string }): Platform {
  const found = PLATFORMS.find(({ name }) => name === `${os}-${arch}`);
  if (found) return found;
  throw new RequestError(
    `The backend "tensorflow" does not run on ${os}-${arch}: there is libtensorflow for ` +
      `${PLATFORMS.map(({ name }) => name).join(", ")}.`,
  );
}
