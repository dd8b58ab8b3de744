/**
 * NVIDIA's driver.
 *
 * @module
 */

const FUNCTIONS = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" },
} as const;

/** A driver with at least one device: the newest version of CUDA that it runs, `[13, 0]`. */
export interface CudaDriver {
  readonly version: readonly [major: number, minor: number];
}

/** NVIDIA's driver; `undefined` without one, or if it shows this process no device. */
export function cudaDriver(): CudaDriver | undefined {
  try {
    // Left open: an initialized driver must not be unloaded.
    const { cuInit, cuDeviceGetCount, cuDriverGetVersion } = Deno.dlopen("libcuda.so.1", FUNCTIONS).symbols;
    const [count, version] = [new Int32Array(1), new Int32Array(1)];
    if (cuInit(0) !== 0 || cuDeviceGetCount(count) !== 0 || count[0]! === 0) return undefined;
    if (cuDriverGetVersion(version) !== 0) return undefined;
    return { version: [Math.floor(version[0]! / 1000), Math.floor(version[0]! % 1000 / 10)] };
  } catch {
    return undefined; // no driver
  }
}
