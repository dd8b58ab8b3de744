/**
 * The search for libtensorflow: a named folder, the cache, Python's tensorflow, or a wheel that is downloaded once.
 *
 * @module
 */
import { cacheFolder, exists, messageOf, once, RequestError } from "@opf/framework";
import { dirname, join } from "node:path";
import { python, unpackWheel } from "../../_wheels.ts";
import { checkMachine } from "../_machine.ts";
import { cudaLibraries, hasCudaDevice, librariesBeside } from "./_cuda.ts";
import { type Platform, platformOf, type Variant } from "./_platforms.ts";

/** The two files of libtensorflow, and the libraries to load before them. */
export interface FoundLibrary {
  /** The path of the library with the eager runtime. */
  readonly cc: string;
  /** The path of the library with tensors and status. */
  readonly framework: string;
  /** Paths of CUDA's libraries in loading order; empty for a build without CUDA. */
  readonly preload: string[];
  /** Where it was found, for messages. */
  readonly how: string;
  /** `unknown` for a folder named by the user. */
  readonly variant: Variant | "unknown";
}

/** Options of {@linkcode findLibrary}. */
export interface LibraryOptions {
  /** @default the build for CUDA if there is a CUDA device */
  readonly device?: "cpu" | "gpu";
  /** Receives messages about downloads and about libraries that were skipped. */
  readonly note?: (message: string) => void;
  /** @default this machine's */
  readonly platform?: Platform;
  /** Whether there is a CUDA device. @default ask the driver */
  readonly cuda?: boolean;
}

/** The library in one place, or why it has none. */
type SearchResult = FoundLibrary | { readonly place: string; readonly why: string };
interface SearchRequest {
  readonly platform: Platform;
  readonly variant: Variant;
  readonly note: (message: string) => void;
}

/**
 * Finds libtensorflow in the folder named by `OPF_LIBTENSORFLOW`, in the user's cache or in Python's tensorflow. Otherwise
 * downloads the pinned wheel with pip into the cache.
 *
 * @throws {RequestError} if there is no library for this kind of machine, if a requested GPU is missing, if the named folder
 *   has no library for this machine, or if every attempt failed; the message lists the attempts
 */
export async function findLibrary(options: LibraryOptions = {}): Promise<FoundLibrary> {
  const { device, note = () => {}, platform = platformOf(Deno.build) } = options;
  const named = Deno.env.get("OPF_LIBTENSORFLOW");
  if (named) return await checked(await inNamedFolder(named, platform, device), platform);
  const variant = variantFor(device, platform, options.cuda);
  const request = { platform, variant, note };
  const tried = ["OPF_LIBTENSORFLOW: not set"];
  for (const search of [inCache, inPython, downloaded]) {
    const result = await search(request);
    if ("cc" in result) return await checked(result, platform);
    tried.push(`${result.place}: ${result.why}`);
  }
  const { name, version } = platform.wheels[variant]!;
  throw new RequestError(
    [
      "libtensorflow was not found and could not be downloaded. Tried:",
      ...tried.map((line) => `- ${line}`),
      "To fix this, do one of:",
      `- let pip reach an index or a folder with ${name} ${version} (PIP_INDEX_URL, PIP_FIND_LINKS, PIP_PROXY)`,
      `- python3 -m pip install ${name}==${version}`,
      `- set OPF_LIBTENSORFLOW to a folder with ${platform.cc[0]} and ${platform.framework}`,
    ].join("\n"),
  );
}

/**
 * Checks that the version of the library has a C API that this backend supports.
 *
 * @param version as reported by the library: `2.21.0`
 * @throws {RequestError} unless 2.9 ≤ version < 3
 */
export function checkVersion(version: string): void {
  const [major, minor] = version.split(".").map(Number);
  if (major === 2 && minor !== undefined && minor >= 9) return;
  throw new RequestError(`Loading libtensorflow: expected version 2.9 or later and below 3, got ${version}.`);
}

function variantFor(device: LibraryOptions["device"], platform: Platform, cuda?: boolean): Variant {
  if (device === "cpu") return "cpu";
  const hasDevice = cuda ?? hasCudaDevice();
  if (device === "gpu" && !hasDevice) {
    throw new RequestError("Expected a GPU, got no CUDA device: NVIDIA's driver (libcuda.so.1) reports none.");
  }
  if (hasDevice && platform.wheels.cuda) return "cuda";
  if (device === "gpu") {
    throw new RequestError(`Expected a GPU, got a platform without a CUDA build: ${platform.name}.`);
  }
  return "cpu";
}

async function checked(library: FoundLibrary, platform: Platform): Promise<FoundLibrary> {
  await checkMachine(library.cc, platform);
  await checkMachine(library.framework, platform);
  return library;
}

async function filesIn(folder: string, { cc, framework }: Platform) {
  for (const name of cc) {
    const paths = { cc: join(folder, name), framework: join(folder, framework) };
    if (await exists(paths.cc) && await exists(paths.framework)) return paths;
  }
}

async function inNamedFolder(
  folder: string,
  platform: Platform,
  device: LibraryOptions["device"],
): Promise<FoundLibrary> {
  const paths = await filesIn(folder, platform) ?? await filesIn(join(folder, "lib"), platform);
  if (paths) {
    const preload = device === "cpu" ? [] : await librariesBeside(dirname(dirname(paths.cc))); // as pip installs them
    return { ...paths, preload, how: `OPF_LIBTENSORFLOW=${folder}`, variant: "unknown" };
  }
  throw new RequestError(
    `OPF_LIBTENSORFLOW names ${folder}: expected ${platform.cc.join(" or ")} and ${platform.framework} in it, got ` +
      `${await exists(folder) ? "a folder without both" : "no such folder"}.`,
  );
}

const rootInCache = ({ platform, variant }: SearchRequest) =>
  join(cacheFolder(), "libtensorflow", `${platform.wheels[variant]!.version}-${platform.name}-${variant}`);

async function inCache(request: SearchRequest): Promise<SearchResult> {
  const root = rootInCache(request);
  const paths = await filesIn(join(root, "tensorflow"), request.platform);
  if (!paths) return { place: `the cache (${root})`, why: "missing" };
  return await withCuda({ ...paths, how: `the cache, ${root}` }, request, { root, fetch: true });
}

// Without importing it, which takes seconds and prints.
const WHERE_IS_TENSORFLOW = `
import importlib.util, importlib.metadata, os
spec = importlib.util.find_spec("tensorflow")
folder = os.path.dirname(spec.origin) if spec and spec.origin else ""
names = ["tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel", "tf-nightly"]
versions = [d.version for n in names for d in importlib.metadata.distributions(name=n)]
print("OPF", folder, versions[0] if folder and versions else "", sep="\\t")
`;

async function inPython(request: SearchRequest): Promise<SearchResult> {
  const { platform, variant, note } = request;
  const place = "Python's tensorflow";
  const run = await python(["-c", WHERE_IS_TENSORFLOW]);
  if (!run) return { place, why: "no python3" };
  const [, folder, version] = run.stdout.split("\n").findLast((line) => line.startsWith("OPF\t"))?.split("\t") ?? [];
  if (!folder) return { place, why: "not installed" };
  const paths = await filesIn(folder, platform);
  const skipped = (why: string): SearchResult => {
    note(`Python's tensorflow in ${folder} is skipped: ${why}.`);
    return { place, why: `${why} (${folder})` };
  };
  if (!paths) return skipped("libtensorflow is missing");
  try {
    if (version) checkVersion(version);
    await checkMachine(paths.cc, platform);
  } catch (error) {
    return skipped(messageOf(error));
  }
  const build = await isCudaBuild(folder) ? "cuda" : "cpu";
  if (variant === "cuda" && build === "cpu") return skipped("it is built without CUDA, but there is a CUDA device");
  const files = { ...paths, how: `Python's tensorflow${version ? ` ${version}` : ""}, ${folder}` };
  if (variant === "cpu") return { ...files, preload: [], variant: build };
  try {
    return await withCuda(files, request, { root: dirname(folder), fetch: false });
  } catch (error) {
    if (error instanceof RequestError) return skipped(error.message.replace(/\.$/, ""));
    throw error;
  }
}

async function isCudaBuild(folder: string): Promise<boolean> {
  const path = join(folder, "python", "platform", "build_info.py");
  return await exists(path) && /['"]is_cuda_build['"],\s*True/.test(await Deno.readTextFile(path));
}

async function downloaded(request: SearchRequest): Promise<SearchResult> {
  const { platform, variant, note } = request;
  const wheel = platform.wheels[variant]!;
  const root = rootInCache(request);
  const names = [platform.cc[0], platform.framework];
  try {
    await once(join(root, "tensorflow"), (folder) =>
      unpackWheel(wheel, folder, {
        keep: (entry) => names.find((name) => entry === `tensorflow/${name}`),
        note,
      }), { note });
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return { place: `pip download ${wheel.name}==${wheel.version}`, why: error.message };
  }
  const paths = await filesIn(join(root, "tensorflow"), platform);
  if (!paths) {
    throw new RequestError(`${join(root, "tensorflow")} lacks one of ${names.join(", ")}: remove it and try again.`);
  }
  const how = `${wheel.name} ${wheel.version}, downloaded with pip to ${root}`;
  return await withCuda({ ...paths, how }, request, { root, fetch: true });
}

async function withCuda(
  files: Pick<FoundLibrary, "cc" | "framework" | "how">,
  { variant, note }: SearchRequest,
  { root, fetch }: { readonly root: string; readonly fetch: boolean },
): Promise<FoundLibrary> {
  const preload = variant === "cuda" ? await cudaLibraries(root, { note, fetch }) : [];
  return { ...files, preload, variant };
}
