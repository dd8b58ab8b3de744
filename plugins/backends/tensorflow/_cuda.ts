/**
 * NVIDIA's libraries, which TensorFlow needs on a GPU: from the system or from NVIDIA's wheels.
 *
 * @module
 */
import { exists, once, RequestError } from "@opf/framework";
import { join } from "node:path";
import { megabytes, type NoteOptions, unpackWheel, type Wheel } from "../../_wheels.ts";

/** The wheels of TensorFlow's extra `and-cuda` in the newest versions that it allows: 2.8 GB. */
export const NVIDIA_WHEELS: readonly Wheel[] = ([
  ["cublas", "12.9.3.13", "2_27", 581_217_458, "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72"],
  ["cuda-cupti", "12.9.79", "2_25", 10_814_997, "096bcf334f13e1984ba36685ad4c1d6347db214de03dbb6eebb237b41d9d934f"],
  ["cuda-nvcc", "12.9.86", "2_12", 40_546_229, "5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0"],
  ["cuda-nvrtc", "12.9.86", "2_12", 89_568_129, "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4"],
  ["cuda-runtime", "12.9.79", "2_17", 3_493_179, "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3"],
  ["cudnn", "9.28.0.42", "2_27", 716_538_495, "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375"],
  ["cufft", "11.4.1.4", "2_17", 200_877_592, "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28"],
  ["curand", "10.3.10.19", "2_27", 68_295_626, "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e"],
  ["cusolver", "11.7.5.82", "2_27", 338_117_415, "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88"],
  ["cusparse", "12.5.10.65", "2_17", 366_465_088, "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78"],
  ["nccl", "2.32.3", "2_27", 351_526_311, "bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c"],
  ["nvjitlink", "12.9.86", "2_12", 39_748_338, "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9"],
] as const).map(([name, version, glibc, bytes, sha256]) => (
  // The exact tag, because older versions of pip accept no other.
  { name: `nvidia-${name}-cu12`, version, platform: `manylinux_${glibc}_x86_64`, bytes, sha256 }
));

// What TensorFlow opens by name, each after its own dependencies; in the wheels, below `nvidia/`.
const LIBRARIES = [
  "cuda_runtime/lib/libcudart.so.12",
  "cuda_nvrtc/lib/libnvrtc.so.12",
  "nvjitlink/lib/libnvJitLink.so.12",
  "cublas/lib/libcublasLt.so.12",
  "cublas/lib/libcublas.so.12",
  "cufft/lib/libcufft.so.11",
  "curand/lib/libcurand.so.10",
  "cusparse/lib/libcusparse.so.12",
  "cusolver/lib/libcusolver.so.11",
  "cuda_cupti/lib/libcupti.so.12",
  "nccl/lib/libnccl.so.2",
  "cudnn/lib/libcudnn.so.9",
];

/** Whether the driver reports a CUDA device; a device hidden from it does not count. */
export function hasCudaDevice(): boolean {
  const functions = {
    cuInit: { parameters: ["u32"], result: "i32" },
    cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
  } as const;
  try {
    // Left open, because an initialized driver must not be unloaded.
    const { cuInit, cuDeviceGetCount } = Deno.dlopen("libcuda.so.1", functions).symbols;
    const count = new Int32Array(1);
    return cuInit(0) === 0 && cuDeviceGetCount(count) === 0 && count[0]! > 0;
  } catch {
    return false; // no driver
  }
}

/** Those of CUDA's libraries that are in `nvidia/` in a folder, in loading order. */
export async function librariesBeside(root: string): Promise<string[]> {
  const paths = LIBRARIES.map((library) => join(root, "nvidia", library));
  const isThere = await Promise.all(paths.map(exists));
  return paths.filter((_, index) => isThere[index]);
}

/**
 * The libraries of CUDA to load before TensorFlow, in loading order: those beside it, as pip installs them; those of the
 * system; or those of NVIDIA's wheels, downloaded once.
 *
 * @param root the folder that contains `tensorflow/`; TensorFlow looks for its compiler in `nvidia/` next to that
 * @throws {RequestError} if none are available
 */
export async function cudaLibraries(
  root: string,
  { note = () => {}, fetch }: NoteOptions & {
    /** Whether wheels may be downloaded to `root`. */ readonly fetch: boolean;
  },
): Promise<string[]> {
  const folder = join(root, "nvidia");
  const inWheels = LIBRARIES.map((library) => join(folder, library));
  const missing = inWheels.length - (await librariesBeside(root)).length;
  if (missing === 0) return inWheels;
  const system = systemCuda();
  if (system.missing.length === 0) {
    note(`Using the CUDA libraries of the system: ${system.paths.join(", ")}.`);
    return system.paths;
  }
  if (!fetch) {
    throw new RequestError(
      `TensorFlow in ${root} is built for CUDA, but some of CUDA's libraries are missing: ${folder} lacks ` +
        `${missing} of ${LIBRARIES.length}, the system lacks ${system.missing.join(", ")}. ` +
        "`python3 -m pip install tensorflow[and-cuda]` installs them.",
    );
  }
  const bytes = NVIDIA_WHEELS.reduce((sum, { bytes }) => sum + bytes, 0);
  note(
    `The system has no CUDA libraries: using ${NVIDIA_WHEELS.length} wheels of NVIDIA's, ${megabytes(bytes)} in total.`,
  );
  for (const wheel of NVIDIA_WHEELS) { // each has one folder below `nvidia/`, which stays if another download fails
    const name = wheel.name.replace(/^nvidia-(.+)-cu12$/, "$1").replaceAll("-", "_");
    const keep = (entry: string) => keptOfNvidia(entry)?.slice(name.length + 1);
    await once(join(folder, name), (temporary) => unpackWheel(wheel, temporary, { keep, note }), { note });
  }
  return inWheels;
}

/** The path below `nvidia/` of an entry to keep: libraries and what XLA compiles with, but no headers or archives. */
export function keptOfNvidia(entry: string): string | undefined {
  return /^nvidia\/(\w+\/lib\/[^/]+\.so[.\d]*|cuda_nvcc\/(bin|nvvm)\/.+)$/.exec(entry)?.[1];
}

// What the system's loader finds, or what is in CUDA's default folder.
function systemCuda(): { paths: string[]; missing: string[] } {
  const paths: string[] = [], missing: string[] = [];
  for (const library of LIBRARIES) {
    const name = library.split("/").at(-1)!;
    const path = [name, `/usr/local/cuda/lib64/${name}`].find(canBeLoaded);
    path ? paths.push(path) : missing.push(name);
  }
  return { paths, missing };
}

function canBeLoaded(path: string): boolean {
  try {
    Deno.dlopen(path, {}).close();
    return true;
  } catch {
    return false;
  }
}
