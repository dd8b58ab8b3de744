/**
 * Where the native libraries of the backend `xla` come from: a file named by the user, the cache, a Python environment, or
 * wheels fetched once.
 *
 * @module
 */
import { cacheFolder, exists, messageOf, once, RequestError } from "@opf/framework";
import { dirname, join } from "node:path";
import { megabytes, python, unpackWheel, type Wheel } from "../../_wheels.ts";
import { checkMachine } from "../_machine.ts";
import { type CudaDriver, cudaDriver } from "./_cuda.ts";
import { CPU_PLUGIN, CUDA12_WHEELS, CUDA13_WHEELS, OPENBLAS } from "./_pinned_wheels.ts";

/** A library in wheels. */
export interface NativeLibrary {
  /** `XLA for CUDA 13`, for messages. */
  readonly title: string;
  /** The Python module whose folder holds it: `jax_plugins.xla_cuda13`. */
  readonly module: string;
  /** Its path in that folder. */
  readonly file: string;
  /** The wheels that it needs, its own first. */
  readonly wheels: readonly Wheel[];
}

/** A library that was found. */
export interface FoundLibrary {
  readonly path: string;
  /** How it was found, for people. */
  readonly how: string;
}

/** What is looked for. */
export interface PluginOptions {
  /** @default the GPU where there is one that its driver shows, else the CPU */
  readonly device?: "cpu" | "gpu";
  /** Receives what is fetched. */
  readonly note?: (message: string) => void;
  /** NVIDIA's driver. @default this machine's; null: none */
  readonly driver?: CudaDriver | null;
  /** @default the pinned ones */
  readonly libraries?: { readonly [kind in PluginKind]: NativeLibrary };
  /** @default this machine's, by Deno's names */
  readonly platform?: { readonly os: string; readonly arch: string };
}

/** The builds of XLA that are known. */
export type PluginKind = "cpu" | "cuda12" | "cuda13";

/** XLA for each kind of device. */
export const PLUGINS: { readonly [kind in PluginKind]: NativeLibrary } = {
  cpu: {
    title: "XLA for the CPU",
    module: "lammps_jax_pjrt_cpu",
    file: "pjrt_c_api_cpu_plugin.so",
    wheels: [CPU_PLUGIN],
  },
  cuda12: {
    title: "XLA for CUDA 12",
    module: "jax_plugins.xla_cuda12",
    file: "xla_cuda_plugin.so",
    wheels: CUDA12_WHEELS,
  },
  cuda13: {
    title: "XLA for CUDA 13",
    module: "jax_plugins.xla_cuda13",
    file: "xla_cuda_plugin.so",
    wheels: CUDA13_WHEELS,
  },
};

/** LAPACK. */
const LAPACK: NativeLibrary = {
  title: "OpenBLAS",
  module: "scipy_openblas32",
  file: "lib/libscipy_openblas.so",
  wheels: [OPENBLAS],
};

const MACHINE = { os: "linux", arch: "x86_64", machine: "ELF x86_64" } as const;

/**
 * Finds the PJRT plugin for a device: the file that `OPF_PJRT_PLUGIN` names, else that of the pinned wheels, in the cache, in
 * the user's Python environment, or fetched with pip.
 *
 * @throws {RequestError} if a GPU is requested and there is none, if its driver is too old, if the named file is no library for
 *   this machine, or if the wheels cannot be fetched: it lists what was tried
 */
export async function findPlugin(options: PluginOptions = {}): Promise<FoundLibrary> {
  const { device, note = () => {}, libraries = PLUGINS, platform = Deno.build } = options;
  const named = Deno.env.get("OPF_PJRT_PLUGIN");
  if (named) {
    if (!await exists(named)) throw new RequestError(`OPF_PJRT_PLUGIN names ${named}, and there is no such file.`);
    const advice = "Name another one in OPF_PJRT_PLUGIN, or unset it to get the pinned one.";
    await checkMachine(named, { machine: MACHINE.machine, advice });
    return { path: named, how: `OPF_PJRT_PLUGIN=${named}` };
  }
  const kind = kindFor(device, options.driver === undefined ? cudaDriver() : options.driver ?? undefined);
  return await findLibrary(libraries[kind], { note, platform, variable: "OPF_PJRT_PLUGIN" });
}

/** Finds LAPACK in the same places. @throws {RequestError} if it cannot be fetched */
export const findLapack = (options: Pick<PluginOptions, "note" | "platform"> = {}): Promise<FoundLibrary> =>
  findLibrary(LAPACK, { note: () => {}, platform: Deno.build, ...options });

function kindFor(device: PluginOptions["device"], driver: CudaDriver | undefined): PluginKind {
  if (device === "cpu") return "cpu";
  if (!driver) {
    if (device !== "gpu") return "cpu";
    throw new RequestError("Expected a GPU, got none: NVIDIA's driver (libcuda.so.1) shows no device.");
  }
  const [major, minor] = driver.version;
  if (major >= 13) return "cuda13";
  if (major === 12) return "cuda12";
  throw new RequestError(
    `NVIDIA's driver is too old: expected one for CUDA 12 or later, got one for CUDA ${major}.${minor}. ` +
      "A newer driver, or --device cpu, is the way out.",
  );
}

/** What a search is given. */
interface SearchOptions {
  readonly note: (message: string) => void;
  readonly platform: { readonly os: string; readonly arch: string };
  /** An environment variable that would have named it. */
  readonly variable?: string;
}

async function findLibrary(library: NativeLibrary, options: SearchOptions): Promise<FoundLibrary> {
  const { note, platform: { os, arch }, variable } = options;
  const cached = pathIn(rootInCache(library), library);
  if (await exists(cached)) return { path: cached, how: "the cache" };
  const installed = await inPython(library);
  if (installed) return { path: installed, how: `the Python environment, ${dirname(installed)}` };
  const out = variable ? `set ${variable} to such a file` : `install ${library.wheels[0]!.name} with pip`;
  if (os !== MACHINE.os || arch !== MACHINE.arch) {
    throw new RequestError(`There is no wheel of ${library.title} for ${os}-${arch}: ${out}.`);
  }
  try {
    return { path: await fetched(library, note), how: `${nameOf(library.wheels[0]!)}, fetched with pip` };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    throw new RequestError(
      `${library.title} is neither in the cache (${cached}) nor in the Python environment (${library.module}), ` +
        `and could not be fetched: ${
          messageOf(error).replace(/\.?$/, ".")
        } Let pip reach it (PIP_INDEX_URL, PIP_FIND_LINKS), or ${out}.`,
    );
  }
}

const nameOf = ({ name, version }: Wheel): string => `${name} ${version}`;

const rootInCache = ({ wheels }: NativeLibrary): string =>
  join(cacheFolder(), "xla", `${wheels[0]!.name}-${wheels[0]!.version}-${MACHINE.os}-${MACHINE.arch}`);

/** The path of a library below the folder where Python would have its modules. */
const pathIn = (root: string, { module, file }: NativeLibrary): string =>
  join(root, ...module.split("."), ...file.split("/"));

// Found without importing it, which would load it.
const WHERE_IS = `
import importlib.util, sys
try:
    spec = importlib.util.find_spec(sys.argv[1])
except ModuleNotFoundError:
    spec = None
print("OPF", *(spec.submodule_search_locations or [] if spec else []), sep="\\t")
`;

async function inPython(library: NativeLibrary): Promise<string | undefined> {
  const run = await python(["-c", WHERE_IS, library.module]);
  const [, folder] = run?.stdout.split("\n").find((line) => line.startsWith("OPF\t"))?.split("\t") ?? [];
  const path = folder && join(folder, ...library.file.split("/"));
  return path && await exists(path) ? path : undefined;
}

// As pip would install the wheels, so that libraries find each other; whole, or not at all.
async function fetched(library: NativeLibrary, note: (message: string) => void): Promise<string> {
  const root = rootInCache(library);
  const { wheels } = library;
  if (wheels.length > 1) {
    const bytes = wheels.reduce((sum, { bytes }) => sum + bytes, 0);
    note(`${library.title} and NVIDIA's libraries for it are ${wheels.length} wheels, ${megabytes(bytes)} in all.`);
  }
  await once(root, async (folder) => {
    for (const wheel of wheels) await unpackWheel(wheel, folder, { keep: (entry) => kept(entry, library), note });
  }, { note });
  const path = pathIn(root, library);
  if (!await exists(path)) throw new RequestError(`${root} lacks ${library.file}: remove it, and try again.`);
  return path;
}

/** Libraries, and what XLA compiles with; no headers, no archives. */
function kept(entry: string, { module, file }: NativeLibrary): string | undefined {
  const isOwn = entry === [...module.split("."), file].join("/");
  return isOwn || /^nvidia\/\w+\/(lib\/[^/]+\.so[.\d]*|(bin|nvvm)\/.+)$/.test(entry) ? entry : undefined;
}
