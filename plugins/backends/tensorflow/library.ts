/**
 * Where libtensorflow comes from: a folder that is named, the cache, Python's tensorflow, or a wheel fetched once.
 *
 * @module
 */
import { cacheFolder, exists, messageOf, once, RequestError } from "@opf/framework";
import { dirname, join } from "node:path";
import { python, unpackWheel } from "../../_wheels.ts";
import { checkMachine } from "../_machine.ts";
import { cudaLibraries, hasCudaDevice, librariesBeside } from "./_cuda.ts";
import { type Platform, platformOf, type Variant } from "./_platforms.ts";

/** The two files of libtensorflow, and what is loaded before them. */
export interface FoundLibrary {
  /** The path of the library with the eager runtime. */
  readonly cc: string;
  /** The path of the library with tensors and status. */
  readonly framework: string;
  /** Paths of CUDA's libraries, in the order in which they are loaded; none for a build without CUDA. */
  readonly preload: string[];
  /** How it was found, for people. */
  readonly how: string;
  /** `cpu` or `cuda`; `unknown` for a folder of the user's. */
  readonly variant: Variant | "unknown";
}

/** What is looked for. */
export interface LibraryOptions {
  /** @default the build for CUDA where there is a CUDA device */
  readonly device?: "cpu" | "gpu";
  /** Told what is fetched, and what was passed over. */
  readonly note?: (message: string) => void;
  /** @default this machine's */
  readonly platform?: Platform;
  /** Whether there is a CUDA device. @default what the driver tells */
  readonly cuda?: boolean;
}

/** A place, looked at: the library, or why it is not there. */
type Looked = FoundLibrary | { readonly place: string; readonly why: string };
interface Wanted {
  readonly platform: Platform;
  readonly variant: Variant;
  readonly note: (message: string) => void;
}

/**
 * Finds libtensorflow: in the folder that `OPF_LIBTENSORFLOW` names, in the user's cache, in Python's tensorflow; else
 * fetches the pinned wheel with pip, into the cache.
 *
 * @throws {RequestError} where the machine is of a kind that has none, where a GPU was asked for and is not there, where
 *   the folder that is named has no library for this machine, or where nothing worked: it says what was tried
 */
export async function findLibrary(options: LibraryOptions = {}): Promise<FoundLibrary> {
  const { device, note = () => {}, platform = platformOf(Deno.build) } = options;
  const named = Deno.env.get("OPF_LIBTENSORFLOW");
  if (named) return await checked(await inNamedFolder(named, platform, device), platform);
  const variant = variantFor(device, platform, options.cuda);
  const wanted = { platform, variant, note };
  const tried = ["OPF_LIBTENSORFLOW: not set"];
  for (const look of [inCache, inPython, fetched]) {
    const found = await look(wanted);
    if ("cc" in found) return await checked(found, platform);
    tried.push(`${found.place}: ${found.why}`);
  }
  const { name, version } = platform.wheels[variant]!;
  throw new RequestError(
    [
      "libtensorflow was not found and could not be fetched. Tried:",
      ...tried.map((line) => `- ${line}`),
      "Ways out:",
      `- let pip reach an index or a folder with ${name} ${version} (PIP_INDEX_URL, PIP_FIND_LINKS, PIP_PROXY)`,
      `- python3 -m pip install ${name}==${version}`,
      `- set OPF_LIBTENSORFLOW to a folder with ${platform.cc[0]} and ${platform.framework}`,
    ].join("\n"),
  );
}

/**
 * Refuses a version whose C interface is not the one that is used.
 *
 * @param version as the library itself tells it: `2.21.0`
 * @throws {RequestError} unless 2.9 ≤ version < 3
 */
export function checkVersion(version: string): void {
  const [major, minor] = version.split(".").map(Number);
  if (major === 2 && minor !== undefined && minor >= 9) return;
  throw new RequestError(`Loading libtensorflow: version 2.9 or later, before 3, was wanted, ${version} was found.`);
}

function variantFor(device: LibraryOptions["device"], platform: Platform, cuda?: boolean): Variant {
  if (device === "cpu") return "cpu";
  const there = cuda ?? hasCudaDevice();
  if (device === "gpu" && !there) {
    throw new RequestError(
      "A GPU was asked for, and there is no CUDA device: NVIDIA's driver (libcuda.so.1) has none.",
    );
  }
  if (there && platform.wheels.cuda) return "cuda";
  if (device === "gpu") throw new RequestError(`A GPU was asked for, and there is no CUDA build for ${platform.name}.`);
  return "cpu";
}

async function checked(found: FoundLibrary, platform: Platform): Promise<FoundLibrary> {
  await checkMachine(found.cc, platform);
  await checkMachine(found.framework, platform);
  return found;
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
    `OPF_LIBTENSORFLOW names ${folder}: ${platform.cc.join(" or ")}, and ${platform.framework}, were wanted there, ` +
      `${await exists(folder) ? "and are not both in it" : "and there is no such folder"}.`,
  );
}

const rootInCache = ({ platform, variant }: Wanted) =>
  join(cacheFolder(), "libtensorflow", `${platform.wheels[variant]!.version}-${platform.name}-${variant}`);

async function inCache(wanted: Wanted): Promise<Looked> {
  const root = rootInCache(wanted);
  const paths = await filesIn(join(root, "tensorflow"), wanted.platform);
  if (!paths) return { place: `the cache (${root})`, why: "not there" };
  return await withCuda({ ...paths, how: `the cache, ${root}` }, wanted, { root, fetch: true });
}

// Asked without importing it, which takes seconds and prints.
const WHERE_IS_TENSORFLOW = `
import importlib.util, importlib.metadata, os
spec = importlib.util.find_spec("tensorflow")
folder = os.path.dirname(spec.origin) if spec and spec.origin else ""
names = ["tensorflow", "tensorflow-cpu", "tensorflow-macos", "tensorflow-intel", "tf-nightly"]
versions = [d.version for n in names for d in importlib.metadata.distributions(name=n)]
print("OPF", folder, versions[0] if folder and versions else "", sep="\\t")
`;

async function inPython(wanted: Wanted): Promise<Looked> {
  const { platform, variant, note } = wanted;
  const place = "Python's tensorflow";
  const run = await python(["-c", WHERE_IS_TENSORFLOW]);
  if (!run) return { place, why: "there is no python3" };
  const [, folder, version] = run.stdout.split("\n").findLast((line) => line.startsWith("OPF\t"))?.split("\t") ?? [];
  if (!folder) return { place, why: "this Python has none" };
  const paths = await filesIn(folder, platform);
  const passedOver = (why: string): Looked => {
    note(`Python's tensorflow in ${folder} is passed over: ${why}.`);
    return { place, why: `${why} (${folder})` };
  };
  if (!paths) return passedOver("it lacks libtensorflow");
  try {
    if (version) checkVersion(version);
    await checkMachine(paths.cc, platform);
  } catch (error) {
    return passedOver(messageOf(error));
  }
  const build = await isCudaBuild(folder) ? "cuda" : "cpu";
  if (variant === "cuda" && build === "cpu") return passedOver("it is built without CUDA, and there is a CUDA device");
  const found = { ...paths, how: `Python's tensorflow${version ? ` ${version}` : ""}, ${folder}` };
  if (variant === "cpu") return { ...found, preload: [], variant: build };
  try {
    return await withCuda(found, wanted, { root: dirname(folder), fetch: false });
  } catch (error) {
    if (error instanceof RequestError) return passedOver(error.message.replace(/\.$/, ""));
    throw error;
  }
}

async function isCudaBuild(folder: string): Promise<boolean> {
  const path = join(folder, "python", "platform", "build_info.py");
  return await exists(path) && /['"]is_cuda_build['"],\s*True/.test(await Deno.readTextFile(path));
}

async function fetched(wanted: Wanted): Promise<Looked> {
  const { platform, variant, note } = wanted;
  const wheel = platform.wheels[variant]!;
  const root = rootInCache(wanted);
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
    throw new RequestError(`${join(root, "tensorflow")} lacks one of ${names.join(", ")}: remove it, and try again.`);
  }
  const how = `${wheel.name} ${wheel.version}, fetched with pip into ${root}`;
  return await withCuda({ ...paths, how }, wanted, { root, fetch: true });
}

async function withCuda(
  found: Pick<FoundLibrary, "cc" | "framework" | "how">,
  { variant, note }: Wanted,
  { root, fetch }: { readonly root: string; readonly fetch: boolean },
): Promise<FoundLibrary> {
  const preload = variant === "cuda" ? await cudaLibraries(root, { note, fetch }) : [];
  return { ...found, preload, variant };
}
