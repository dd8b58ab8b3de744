/**
 * Which experiment a user requests, and what is changed of it.
 *
 * @module
 */
import { isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf, RequestError } from "../../errors.ts";
import type { ExternalModules } from "../../experiment/external_modules.ts";
import { experimentUrl } from "../../experiment/load.ts";
import { type OpenRequest, overridesOf } from "../../experiment/request.ts";
import { sha256OfFile } from "../../io/cache.ts";
import { backendFor, backendNamed, type Registry } from "../../registry.ts";
import { type ExperimentManifest, readManifestFile } from "../../results/manifest.ts";
import type { Arguments } from "../arguments.ts";
import { modelPath, runsFolder, userFolder, userPath } from "../paths.ts";

/** An experiment before it is imported. */
export interface RequestedExperiment {
  /** URL of its file. */
  readonly url: string;
  readonly request: OpenRequest;
  /** The manifest to reproduce. */
  readonly before?: ExperimentManifest;
  /** Refuses external modules that a manifest does not expect. */
  checkModules(modules: ExternalModules): void;
}

/** Where a user's request is understood. */
export interface RequestContext {
  readonly options: Arguments;
  readonly registry: Registry;
}

/**
 * An experiment by its name, the path or URL of its file, or the path of a manifest. What a manifest declares may come
 * from anyone: it is a file of this machine with the digest that the manifest states, or it is refused.
 *
 * @throws {RequestError} if there is no such experiment, or it is not the one of the manifest
 */
export async function requestedExperiment(name: string, context: RequestContext): Promise<RequestedExperiment> {
  const request = await requestOf(context);
  const where = { experiments: new URL("experiments/", context.registry.root), cwd: userFolder() };
  if (!name.endsWith(".json")) {
    const url = await experimentUrl(name, where);
    const chosen = withBackend(request, context.registry);
    return { url, request: checkDevices(chosen, context.registry), checkModules: () => {} };
  }
  const before = await readManifestFile(userPath(name));
  if (!before) throw new RequestError(`No manifest ${name}${isAbsolute(name) ? "" : ` in ${userFolder()}`}.`);
  if (!before.declaration) throw new RequestError(`${name}: expected the manifest of an experiment.`);
  const { file, sha256, modules: expected, changes } = before.declaration;
  const option = OVERRIDES.find((key) => request[key] !== undefined && request[key].length > 0);
  if (option !== undefined) throw new RequestError(`${name} states what is changed: --${option} cannot change it.`);
  const url = await experimentUrl(file, where);
  if (!url.startsWith("file:")) {
    throw new RequestError(
      `${name}: expected an experiment on this machine, got ${url}. To trust it, name it: deno task reproduce ${url}.`,
    );
  }
  const got = await digestOf(url);
  if (got !== sha256) throw new RequestError(`${name}: ${file} changed: expected sha256 ${sha256}, got ${got}.`);
  return {
    url,
    request: checkDevices({ ...request, ...overridesOf(changes) }, context.registry),
    before,
    checkModules: ({ digests }) => {
      if (JSON.stringify(digests) === JSON.stringify(expected)) return;
      const [stated, actual] = [expected, digests].map((list) => list.join(", ") || "none");
      throw new RequestError(
        `${name}: the modules that ${file} imports changed: expected sha256 ${stated}, got ${actual}.`,
      );
    },
  };
}

// The first backend goes without saying, so that a manifest means the same on a machine with a GPU.
function withBackend(request: OpenRequest, registry: Registry): OpenRequest {
  const { name } = backendFor(request.device, registry);
  return request.backend !== undefined || name === registry.backends[0]!.name ? request : { ...request, backend: name };
}

const OVERRIDES = ["tasks", "methods", "models", "seeds", "set", "backend"] as const;

async function digestOf(url: string): Promise<string> {
  try {
    return await sha256OfFile(fileURLToPath(url));
  } catch (error) {
    throw new RequestError(`${url} cannot be read: ${messageOf(error)}.`);
  }
}

async function requestOf({ options, registry }: RequestContext): Promise<OpenRequest> {
  const data = options.text("data"), backend = options.text("backend");
  const jobs = options.count("jobs"), threads = options.count("threads");
  const device = options.choice("device", ["cpu", "gpu"]), devices = options.count("devices");
  const tasks = options.list("tasks"), methods = options.list("methods");
  const models = options.list("models"), seeds = options.integers("seeds");
  if (backend !== undefined) backendNamed(backend, registry);
  return {
    ...(tasks && { tasks }),
    ...(methods && { methods }),
    ...(models && { models: await Promise.all(models.map(modelPath)) }),
    ...(seeds && { seeds }),
    set: options.all("set"),
    ...(data !== undefined && { data: userPath(data) }),
    runs: runsFolder(options.text("runs"), registry),
    keepModels: options.flag("keep-models"),
    tensorboard: options.flag("tensorboard"),
    ...(jobs && { jobs }),
    ...(threads && { threads }),
    ...(backend !== undefined && { backend }),
    ...(device !== undefined && { device }),
    ...(devices && { devices }),
  };
}

/** The request, if its backend and its workers can use so many devices. */
function checkDevices(request: OpenRequest, registry: Registry): OpenRequest {
  const { devices = 1, jobs = 1 } = request;
  if (devices === 1) return request;
  const { name, hasDeviceGroups } = backendNamed(request.backend, registry);
  if (!hasDeviceGroups) {
    throw new RequestError(
      `--devices ${devices}: expected 1, since the backend ${name} computes on one device; --backend xla can use several.`,
    );
  }
  if (jobs === 1) return request;
  throw new RequestError(
    `--devices ${devices}: expected --jobs 1, since a run has all of these devices, got --jobs ${jobs}.`,
  );
}
