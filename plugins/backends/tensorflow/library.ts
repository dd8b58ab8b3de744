/**
 * The search for libtensorflow: a named folder, the cache, Python's tensorflow, or a wheel that is downloaded once.
 *
 * @module
 */
import { cacheFolder, exists, messageOf, once, RequestError } from "@opf/framework";
import { join } from "node:path";
import { python, unpackWheel } from "../../_wheels.ts";
import { checkMachine } from "../_machine.ts";
import { type Platform, platformOf } from "./_platforms.ts";

/** The two files of libtensorflow. */
export interface FoundLibrary {
  /** The path of the library with the eager runtime. */
  readonly cc: string;
  /** The path of the library with tensors and status. */
  readonly framework: string;
  /** Where it was found, for messages. */
  readonly how: string;
}

/** Options of {@linkcode findLibrary}. */
export interface LibraryOptions {
  /** Receives messages about downloads and about libraries that were skipped. */
  readonly note?: (message: string) => void;
  /** @default this machine's */
  readonly platform?: Platform;
}

/** The library in one place, or why it has none. */
type SearchResult = FoundLibrary | { readonly place: string; readonly why: string };
interface SearchRequest {
  readonly platform: Platform;
  readonly note: (message: string) => void;
}

/**
 * Finds libtensorflow in the folder named by `OPF_LIBTENSORFLOW`, in the user's cache or in Python's tensorflow. Otherwise
 * downloads the pinned wheel with pip into the cache.
 *
 * @throws {RequestError} if there is no library for this kind of machine, if the named folder has no library for this machine, or if every attempt failed; the message lists the attempts
 */
export async function findLibrary(options: LibraryOptions = {}): Promise<FoundLibrary> {
  const { note = () => {}, platform = platformOf(Deno.build) } = options;
  const named = Deno.env.get("OPF_LIBTENSORFLOW");
  if (named) return await checked(await inNamedFolder(named, platform), platform);
  const request = { platform, note };
  const tried = ["OPF_LIBTENSORFLOW: not set"];
  for (const search of [inCache, inPython, downloaded]) {
    const result = await search(request);
    if ("cc" in result) return await checked(result, platform);
    tried.push(`${result.place}: ${result.why}`);
  }
  const { name, version } = platform.wheel;
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

async function inNamedFolder(folder: string, platform: Platform): Promise<FoundLibrary> {
  const paths = await filesIn(folder, platform) ?? await filesIn(join(folder, "lib"), platform);
  if (paths) return { ...paths, how: `OPF_LIBTENSORFLOW=${folder}` };
  throw new RequestError(
    `OPF_LIBTENSORFLOW names ${folder}: expected ${platform.cc.join(" or ")} and ${platform.framework} in it, got ` +
      `${await exists(folder) ? "a folder without both" : "no such folder"}.`,
  );
}

const rootInCache = ({ platform: { name, wheel } }: SearchRequest) =>
  join(cacheFolder(), "libtensorflow", `${wheel.version}-${name}-cpu`);

async function inCache(request: SearchRequest): Promise<SearchResult> {
  const root = rootInCache(request);
  const paths = await filesIn(join(root, "tensorflow"), request.platform);
  if (!paths) return { place: `the cache (${root})`, why: "missing" };
  return { ...paths, how: `the cache, ${root}` };
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
  const { platform, note } = request;
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
  return { ...paths, how: `Python's tensorflow${version ? ` ${version}` : ""}, ${folder}` };
}

async function downloaded(request: SearchRequest): Promise<SearchResult> {
  const { platform, note } = request;
  const { wheel } = platform;
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
  return { ...paths, how: `${wheel.name} ${wheel.version}, downloaded with pip to ${root}` };
}
