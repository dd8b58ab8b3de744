/**
 * A server on loopback that speaks the Hugging Face hub's protocol, as far as clients that download use it.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** A repository on the server. */
export interface FakeRepository {
  readonly commit: string;
  /** Large ones (over `LARGE` bytes) are kept elsewhere: the server sends clients to another one. */
  readonly files: { readonly [path: string]: Uint8Array<ArrayBuffer> };
}

/** What the server does besides. */
export interface FakeHubOptions {
  /** Wanted of every request. */
  readonly token?: string;
  /** Overrides the bytes that are sent, never the digests that are announced. */
  readonly damage?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  /** Large files break off after so many bytes of an answer. */
  readonly breakAfter?: number;
  /** Large files are sent whole although a part was requested. */
  readonly ignoreRange?: boolean;
}

/** One request that came. */
export interface Seen {
  readonly path: string;
  readonly range: string | null;
  readonly authorization: string | null;
  /** At the server for large files. */
  readonly storage: boolean;
}

const LARGE = 1000;
const hex = (algorithm: string, ...parts: (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash(algorithm)).digest("hex");

/** The digest that the hub tells: SHA-256 of a large file, the git object of another. */
export const digestOf = (bytes: Uint8Array) =>
  bytes.length > LARGE ? hex("sha256", bytes) : hex("sha1", `blob ${bytes.length}\0`, bytes);

/** Starts the server: `repositories` by `models/org/name` or `datasets/org/name`. */
export function fakeHub(repositories: { readonly [name: string]: FakeRepository }, options: FakeHubOptions = {}) {
  const { token, damage = (bytes) => bytes, breakAfter = Infinity, ignoreRange = false } = options;
  const seen: Seen[] = [];
  const note = (request: Request, storage: boolean) => {
    const { headers, url } = request;
    const path = decodeURIComponent(new URL(url).pathname);
    seen.push({ path, range: headers.get("range"), authorization: headers.get("authorization"), storage });
    return path;
  };
  const send = (request: Request, bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string>) => {
    const range = request.headers.get("range")?.match(/^bytes=(\d+)-(\d*)$/);
    const begin = Number(range?.[1] ?? 0), end = range?.[2] ? Number(range[2]) + 1 : bytes.length;
    const part = range ? damage(bytes).slice(begin, end) : damage(bytes);
    const body = part.length <= breakAfter ? part : new ReadableStream(
      {
        pull(controller) { // the second piece never comes: the connection is cut
          if (this.sent) return controller.error(new Error("cut"));
          this.sent = true;
          controller.enqueue(part.slice(0, breakAfter));
        },
        sent: false,
      } as UnderlyingDefaultSource & { sent: boolean },
    );
    const headersOfRange = range && { "content-range": `bytes ${begin}-${end - 1}/${bytes.length}` };
    return new Response(body, { status: range ? 206 : 200, headers: { ...headers, ...headersOfRange } });
  };
  const files = Object.values(repositories).flatMap(({ files }) => Object.values(files));
  const serve = (handler: (request: Request) => Response) =>
    Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {}, onError: () => new Response(null) }, handler);

  const storage = serve((request) => {
    const digest = note(request, true).slice(1);
    const asked = ignoreRange ? new Request(request.url) : request;
    return send(asked, files.find((bytes) => digestOf(bytes) === digest)!, {});
  });
  const hub = serve((request) => {
    const path = note(request, false);
    if (token && request.headers.get("authorization") !== `Bearer ${token}`) return new Response(null, { status: 401 });
    if (path === "/api/models") return Response.json([]);
    const asked = /^\/api\/(\w+\/[^/]+\/[^/]+)\/revision\/(.+)$/.exec(path);
    if (asked) {
      const repository = repositories[asked[1]!];
      const known = repository && ["main", repository.commit].includes(asked[2]!);
      return known
        ? Response.json({ _id: "1", id: asked[1], sha: repository.commit, lastModified: "2024-01-01T00:00:00Z" })
        : Response.json({ error: "Repository not found" }, { status: 404 });
    }
    const [, kind = "models/", id, revision, file] = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(
      path,
    )!;
    const repository = repositories[kind + id];
    if (!repository || repository.commit !== revision) return new Response(null, { status: 404 });
    const bytes = repository.files[file!];
    if (!bytes) return new Response(null, { status: 404, headers: { "x-error-code": "EntryNotFound" } });
    const etag = `"${digestOf(bytes)}"`;
    const headers = { "x-repo-commit": repository.commit };
    if (bytes.length <= LARGE) return send(request, bytes, { ...headers, etag });
    if (request.headers.get("range") === "bytes=0-0") {
      return send(request, bytes, { ...headers, "x-linked-etag": etag });
    }
    const location = `http://127.0.0.1:${storage.addr.port}/${digestOf(bytes)}`;
    return new Response(null, { status: 302, headers: { ...headers, location } });
  });
  return {
    endpoint: `http://127.0.0.1:${hub.addr.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      await Promise.all([hub.shutdown(), storage.shutdown()]);
    },
  };
}
