/**
 * The machines that libtensorflow is built for.
 *
 * @module
 */
import { RequestError } from "@opf/framework";
import type { Wheel } from "../../_wheels.ts";

/** One kind of machine, and the library for it. */
export interface Platform {
  /** `linux-x86_64`. */
  readonly name: string;
  /** Format and machine in the header of its libraries: `ELF x86_64`. */
  readonly machine: string;
  /** Names of the library with the eager runtime: first in the wheel, then in the C tarball. */
  readonly cc: readonly string[];
  readonly framework: string;
  /** The wheel of the build without CUDA. */
  readonly wheel: Wheel;
}

/** The version of TensorFlow that is downloaded. */
const VERSION = "2.21.0";

const LINUX = {
  cc: ["libtensorflow_cc.so.2", "libtensorflow.so.2"],
  framework: "libtensorflow_framework.so.2",
};

/** The platforms that wheels are built for. */
export const PLATFORMS: readonly Platform[] = [
  {
    ...LINUX,
    name: "linux-x86_64",
    machine: "ELF x86_64",
    wheel: {
      name: "tensorflow-cpu",
      version: VERSION,
      platform: "manylinux_2_27_x86_64",
      sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
      bytes: 273_829_956,
    },
  },
  {
    ...LINUX,
    name: "linux-aarch64",
    machine: "ELF aarch64",
    wheel: {
      name: "tensorflow",
      version: VERSION,
      platform: "manylinux_2_27_aarch64",
      sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
      bytes: 281_828_020,
    },
  },
  {
    name: "darwin-aarch64",
    machine: "Mach-O aarch64",
    cc: ["libtensorflow_cc.2.dylib", "libtensorflow.2.dylib"],
    framework: "libtensorflow_framework.2.dylib",
    wheel: {
      name: "tensorflow",
      version: VERSION,
      platform: "macosx_12_0_arm64",
      sha256: "51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88",
      bytes: 223_405_849,
    },
  },
];

/**
 * The platform with Deno's names for operating system and architecture.
 *
 * @throws {RequestError} if there is no libtensorflow for it
 */
export function platformOf({ os, arch }: { readonly os: string; readonly arch: string }): Platform {
  const platform = PLATFORMS.find(({ name }) => name === `${os}-${arch}`);
  if (platform) return platform;
  throw new RequestError(
    `The backend "tensorflow" does not run on ${os}-${arch}: libtensorflow is built for ` +
      `${PLATFORMS.map(({ name }) => name).join(", ")}.`,
  );
}
