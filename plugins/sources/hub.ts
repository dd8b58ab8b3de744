/**
 * The Hugging Face hub as a source.
 *
 * @module
 */
import { exists, type RepositoryName, RequestError, type Source } from "@opf/framework";
import { datasetInfo, fileDownloadInfo, HubApiError, modelInfo } from "@huggingface/hub";
import { dirname, join } from "node:path";
import { fetchBlob, reasonOf } from "./_download.ts";
import { checkName } from "./_inside.ts";
import { PINNED_REVISIONS } from "./_pinned_revisions.ts";

/** Options of {@linkcode hub}; the variables are those of Hugging Face's own tools. */
export interface HubOptions {
  /** @default `HF_ENDPOINT`, else the public hub */
  readonly endpoint?: string;
  /** The folder of the cache. @default `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else `~/.cache/huggingface/hub` */
  readonly cache?: string;
  /** @default `HF_TOKEN`, else the content of the file `token` in `HF_HOME` */
  readonly token?: string;
  /** Use the cache only. @default `HF_HUB_OFFLINE` */
  readonly offline?: boolean;
  /** How long to wait for a response, in ms. @default 5000 */
  readonly timeout?: number;
  /** Receives messages about downloads. */
  readonly note?: (message: string) => void;
}

const COMMIT = /^[0-9a-f]{40}$/;
const NAME = /^[\w][\w.-]*(\/[\w][\w.-]*)?$/;

/**
 * Models and datasets of the Hugging Face hub, one file at a time, in the cache that Hugging Face's own tools use: cached files
 * are not fetched again. Downloads are resumed and checked against the hub's digest.
 */
export function hub(options: HubOptions = {}): Source {
  const settings = () => settingsOf(options);
  let unreachable: string | undefined; // an unresponsive hub gets only one request
  return {
    name: "hub",
    options: options.endpoint ? { endpoint: options.endpoint } : {},
    open: async (name) => {
      if (!NAME.test(name.id)) return { missing: "not a name on the hub" };
      const hub = settings();
      const revision = name.revision ?? PINNED_REVISIONS[`${name.kind} ${name.id}`] ?? "main";
      checkName(revision);
      const place = join(hub.cache, `${name.kind}s--${name.id.replace("/", "--")}`);
      const cached = await cachedCommit(place, revision);
      if (cached && (hub.offline || COMMIT.test(revision))) {
        return repository(hub, place, name, { commit: cached, cached });
      }
      if (hub.offline) return { missing: "HF_HUB_OFFLINE is set and it is not in the cache" };
      if (!unreachable) {
        const commit = await askCommit(hub, name, revision);
        if (typeof commit === "string") {
          if (commit !== revision) await writeReference(place, revision, commit);
          return repository(hub, place, name, { commit, cached });
        }
        if (commit.responded) return { missing: commit.missing };
        unreachable = commit.missing;
      }
      if (!cached) return { missing: unreachable };
      hub.note(`${unreachable}: using the cached ${name.id} (${cached}).`);
      return repository(hub, place, name, { commit: cached, cached, unreachable });
    },
    check: async (signal) => {
      const { endpoint, offline, fetch } = settings();
      if (offline) return { answers: false, detail: "HF_HUB_OFFLINE is set" };
      try {
        const response = await fetch(`${endpoint}/api/models?limit=1`, { signal });
        await response.body?.cancel();
        return { answers: response.ok, detail: `${endpoint} responds with status ${response.status}` };
      } catch (error) {
        return { answers: false, detail: `${endpoint} does not respond: ${reasonOf(error)}` };
      }
    },
  };
}

type Settings = ReturnType<typeof settingsOf>;

function settingsOf(options: HubOptions) {
  const { timeout = 5_000, note = () => {} } = options;
  const variable = (name: string) => Deno.env.get(name) || undefined;
  const caches = variable("XDG_CACHE_HOME") ?? join(variable("HOME") ?? "", ".cache");
  const home = variable("HF_HOME") ?? join(caches, "huggingface");
  const token = options.token ?? variable("HF_TOKEN") ?? tokenIn(variable("HF_TOKEN_PATH") ?? join(home, "token"));
  return {
    endpoint: (options.endpoint ?? variable("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    cache: options.cache ?? variable("HF_HUB_CACHE") ?? join(home, "hub"),
    offline: options.offline ?? /^(1|on|yes|true)$/i.test(variable("HF_HUB_OFFLINE") ?? ""),
    note,
    // Set here because the client library accepts only tokens of one form.
    fetch: ((input: string | URL | Request, init?: RequestInit) => {
      const headers = new Headers(init?.headers);
      if (token) headers.set("authorization", `Bearer ${token}`);
      return fetchWithTimeout(input, { ...init, headers }, timeout);
    }) as typeof fetch,
  };
}

function tokenIn(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim() || undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

// The timeout covers the wait for the response; its body may take as long as it needs.
async function fetchWithTimeout(input: string | URL | Request, init: RequestInit, timeout: number): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no response within ${timeout / 1000} s`)), timeout);
  try {
    return await fetch(input, {
      ...init,
      signal: AbortSignal.any([late.signal, ...(init.signal ? [init.signal] : [])]),
    });
  } finally {
    clearTimeout(timer);
  }
}

/** The commit that the cache has for a revision, by its folder or by its reference. */
async function cachedCommit(place: string, revision: string): Promise<string | undefined> {
  const reference = join(place, "refs", revision);
  const commit = COMMIT.test(revision)
    ? revision
    : await exists(reference)
    ? (await Deno.readTextFile(reference)).trim()
    : "";
  return COMMIT.test(commit) && await exists(join(place, "snapshots", commit)) ? commit : undefined;
}

async function writeReference(place: string, revision: string, commit: string): Promise<void> {
  const path = join(place, "refs", revision);
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, commit);
}

async function askCommit(
  { endpoint, fetch }: Settings,
  { kind, id }: RepositoryName,
  revision: string,
): Promise<string | { readonly missing: string; readonly responded: boolean }> {
  const query = { name: id, revision, hubUrl: endpoint, fetch };
  try {
    const { sha } = kind === "model"
      ? await modelInfo({ ...query, additionalFields: ["sha"] })
      : await datasetInfo({ ...query, additionalFields: ["sha"] });
    if (COMMIT.test(sha)) return sha;
    return { missing: `${endpoint} names no commit for its revision "${revision}"`, responded: true };
  } catch (error) {
    if (!(error instanceof HubApiError)) {
      return { missing: `${endpoint} does not respond: ${reasonOf(error)}`, responded: false };
    }
    const why = error.statusCode === 404
      ? `has no such ${kind} with revision "${revision}"`
      : error.statusCode === 401 || error.statusCode === 403
      ? `has no such ${kind}, or requires a token (HF_TOKEN) with access`
      : `responds with status ${error.statusCode}`;
    return { missing: `${endpoint} ${why}`, responded: error.statusCode < 500 };
  }
}

function repository(
  hub: Settings,
  place: string,
  name: RepositoryName,
  { commit, cached, unreachable }: {
    readonly commit: string;
    /** The commit of the cache, if it has one. */
    readonly cached: string | undefined;
    /** Why the hub cannot be reached. */
    readonly unreachable?: string;
  },
) {
  const { endpoint, offline, fetch, note } = hub;
  const file = async (path: string): Promise<string | undefined> => {
    checkName(path);
    const pointer = join(place, "snapshots", commit, path);
    if (await exists(pointer)) return pointer;
    const absent = join(place, ".no_exist", commit, path);
    if (await exists(absent)) return undefined;
    const what = `${path} of ${name.id}`;
    // As in Hugging Face's tools, what a cached snapshot lacks is absent while the hub cannot be reached.
    const isAbsent = (why: string) => {
      note(`${what} counts as absent: it is not in the cache, and ${why}.`);
      return undefined;
    };
    if (offline || unreachable) return isAbsent(unreachable ?? "HF_HUB_OFFLINE is set");
    const repo = { type: name.kind, name: name.id };
    let info;
    try {
      info = await fileDownloadInfo({ repo, path, revision: commit, hubUrl: endpoint, fetch: headOf(fetch) });
    } catch (error) {
      if (cached === commit && !(error instanceof HubApiError)) {
        return isAbsent(`${endpoint} does not respond: ${reasonOf(error)}`);
      }
      throw new RequestError(`Fetching ${what} from ${endpoint} failed: ${reasonOf(error)}`);
    }
    if (!info) {
      await Deno.mkdir(dirname(absent), { recursive: true });
      await Deno.writeTextFile(absent, "");
      return undefined;
    }
    const digest = info.etag.replace(/^W\//, "").replaceAll('"', "");
    const url = `${endpoint}/${name.kind === "model" ? "" : "datasets/"}${name.id}/resolve/${commit}/${
      path.split("/").map(encodeURIComponent).join("/")
    }`;
    await fetchBlob({ url, digest, size: info.size, what, note, fetch, cache: place, pointer });
    return pointer;
  };
  return { origin: { source: "hub", endpoint, id: name.id, revision: commit }, file };
}

// The library requests one byte and reads only the headers of a successful response: the body is canceled here.
const headOf = (fetch: Settings["fetch"]) =>
  (async (...request: Parameters<typeof fetch>) => {
    const response = await fetch(...request);
    if (response.ok) await response.body?.cancel();
    return response;
  }) as typeof fetch;
