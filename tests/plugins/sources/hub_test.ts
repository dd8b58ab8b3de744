import { RequestError } from "@opf/framework";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { hub, type HubOptions } from "../../../plugins/sources/hub.ts";
import { PINNED_REVISIONS } from "../../../plugins/sources/_pinned_revisions.ts";
import { inFolder, printed, startDeno, withEnvironment } from "../../_place.ts";
import { digestOf, fakeHub, type FakeHubOptions } from "./_fake_hub.ts";

const ID = "some/model", COMMIT = "0123456789abcdef0123456789abcdef01234567";
const SMALL = new TextEncoder().encode('{"hidden_size": 8}');
const LARGE = Uint8Array.from({ length: 300_000 }, (_, index) => index * index >> 5);
const FILES = { "config.json": SMALL, "onnx/model one.bin": LARGE };

const VARIABLES = [
  ...["HF_ENDPOINT", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH", "XDG_CACHE_HOME"],
];

/** A source that waits for a hub on a busy machine. */
const patient = (options: HubOptions = {}) => hub({ timeout: 240_000, ...options });

/** A hub on loopback that has one model, and an empty cache. */
function withHub(
  run: (at: { open: (options?: HubOptions) => Promise<Opened>; cache: string } & Fake) => Promise<void>,
  options: FakeHubOptions = {},
): Promise<void> {
  return inFolder(async (cache) => {
    const nothing = Object.fromEntries(VARIABLES.map((name) => [name, undefined]));
    await using fake = fakeHub({ [`models/${ID}`]: { commit: COMMIT, files: FILES } }, options);
    const open = async (options: HubOptions = {}) => {
      const found = await patient({ endpoint: fake.endpoint, cache, ...options }).open({ kind: "model", id: ID });
      assert("file" in found, JSON.stringify(found));
      return found;
    };
    await withEnvironment({ ...nothing, HOME: cache }, () => run({ ...fake, open, cache }));
  });
}
type Fake = Pick<ReturnType<typeof fakeHub>, "endpoint" | "seen">;
type Opened = Exclude<Awaited<ReturnType<ReturnType<typeof hub>["open"]>>, { missing: string }>;

const place = (cache: string) => join(cache, "models--some--model");

Deno.test("hub() fetches files into the standard cache, and pins the branch to its commit", () =>
  withHub(async ({ open, cache, endpoint, seen }) => {
    const found = await open();
    assertEquals(found.origin, { source: "hub", endpoint, id: ID, revision: COMMIT });
    const config = join(place(cache), "snapshots", COMMIT, "config.json");
    assertEquals(await found.file("config.json"), config);
    assertEquals(await Deno.readFile(config), SMALL);
    const large = await found.file("onnx/model one.bin");
    assertEquals(await Deno.readFile(large!), LARGE);

    assertEquals(await Deno.readTextFile(join(place(cache), "refs", "main")), COMMIT);
    const blob = (bytes: Uint8Array) => join(place(cache), "blobs", digestOf(bytes));
    assertEquals([await Deno.realPath(config), await Deno.realPath(large!)], [blob(SMALL), blob(LARGE)]);
    assert(!(await Deno.readLink(large!)).startsWith("/"), "the link moves with the cache");

    const requests = seen.length;
    assertEquals(await found.file("config.json"), config);
    assertEquals(seen.length, requests, "cached files are not requested again");
  }));

Deno.test("hub() fetches no content twice that two revisions share", () =>
  withHub(async ({ open, cache, seen }) => {
    await (await open()).file("onnx/model one.bin");
    await Deno.rename(join(place(cache), "snapshots", COMMIT), join(place(cache), "snapshots", "f".repeat(40)));
    assertEquals(await Deno.readFile((await (await open()).file("onnx/model one.bin"))!), LARGE);
    assertEquals(seen.filter(({ storage }) => storage).length, 1);
  }));

Deno.test("hub() knows which files a repository lacks, and remembers it", () =>
  withHub(async ({ open, seen }) => {
    const found = await open();
    assertEquals(await found.file("tokenizer.json"), undefined);
    const requests = seen.length;
    assertEquals(await found.file("tokenizer.json"), undefined);
    assertEquals(seen.length, requests);
    for (const name of ["../../refs/main", "/etc/hostname"]) {
      await assertRejects(() => found.file(name), Error, "expected a name inside the repository");
    }
  }));

Deno.test("hub() takes a broken download up where it broke off", () =>
  withHub(async ({ open, cache, seen }) => {
    await Deno.mkdir(join(place(cache), "blobs"), { recursive: true });
    await Deno.writeFile(join(place(cache), "blobs", `${digestOf(LARGE)}.incomplete`), LARGE.slice(0, 100_000));
    const path = await (await open()).file("onnx/model one.bin");
    assertEquals(await Deno.readFile(path!), LARGE);
    assertEquals(seen.filter(({ storage }) => storage).map(({ range }) => range), ["bytes=100000-"]);
  }));

Deno.test("hub() resumes by itself when a connection breaks", () =>
  withHub(async ({ open, seen }) => {
    assertEquals(await Deno.readFile((await (await open()).file("onnx/model one.bin"))!), LARGE);
    assert(seen.filter(({ storage }) => storage).length > 1);
  }, { breakAfter: 120_000 }));

Deno.test("hub() gives up on a connection that keeps breaking, and keeps what came", () =>
  withHub(async ({ open, cache }) => {
    const found = await open();
    await assertRejects(() => found.file("onnx/model one.bin"), RequestError, "of 300000 bytes");
    const kept = await Deno.stat(join(place(cache), "blobs", `${digestOf(LARGE)}.incomplete`));
    assert(kept.size > 0 && kept.size < LARGE.length);
  }, { breakAfter: 1_100 }));

for (const ignoreRange of [true, false]) {
  const why = ignoreRange ? "a server sends the whole file" : "the part that was there is wrong";
  Deno.test(`hub() begins afresh where ${why}`, () =>
    withHub(async ({ open, cache, seen }) => {
      await Deno.mkdir(join(place(cache), "blobs"), { recursive: true });
      const part = LARGE.slice(0, 100_000).map((byte) => ignoreRange ? byte : byte ^ 1);
      await Deno.writeFile(join(place(cache), "blobs", `${digestOf(LARGE)}.incomplete`), part);
      assertEquals(await Deno.readFile((await (await open()).file("onnx/model one.bin"))!), LARGE);
      const ranges = seen.filter(({ storage }) => storage).map(({ range }) => range);
      assertEquals(ranges, ignoreRange ? ["bytes=100000-"] : ["bytes=100000-", null]);
    }, { ignoreRange }));
}

Deno.test("hub() refuses bytes that are not those the hub names, and keeps none of them", () =>
  withHub(async ({ open, cache }) => {
    const found = await open();
    const refused = (name: string, digest: string) =>
      assertRejects(() => found.file(name), RequestError, `${digest}, got`);
    await refused("config.json", digestOf(SMALL));
    await refused("onnx/model one.bin", digestOf(LARGE));
    assertEquals(Array.from(Deno.readDirSync(join(place(cache), "blobs"))), []);
  }, { damage: (bytes) => bytes.map((byte, index) => index === bytes.length - 1 ? byte ^ 1 : byte) }));

Deno.test("hub() refuses a file that is longer than the hub says", () =>
  withHub(async ({ open }) => {
    const found = await open();
    await assertRejects(() => found.file("config.json"), RequestError, "expected ");
  }, { damage: (bytes) => Uint8Array.from([...bytes, 0]) }));

Deno.test("hub() sends its token to the hub, and to nobody that the hub sends it to", () =>
  withHub(async ({ open, endpoint, cache, seen }) => {
    const source = patient({ endpoint, cache });
    const refused = await source.open({ kind: "model", id: ID });
    assert("missing" in refused);
    assertStringIncludes(refused.missing, "HF_TOKEN");
    await withEnvironment({ HF_TOKEN: "secret" }, async () => {
      await (await open()).file("onnx/model one.bin");
    });
    const last = seen.findLast(({ storage }) => storage);
    assertEquals(last?.authorization, null);
    await Deno.writeTextFile(join(cache, "token"), "secret\n"); // as `hf auth login` leaves it
    await withEnvironment({ HF_HOME: cache }, async () => {
      assertEquals(await Deno.readFile((await (await open()).file("config.json"))!), SMALL);
    });
  }, { token: "secret" }));

Deno.test("hub() offline gives what the cache has, and says what it lacks", () =>
  withHub(async ({ open, endpoint, cache, seen }) => {
    await withEnvironment({ HF_HUB_OFFLINE: "1", HF_ENDPOINT: endpoint, HF_HUB_CACHE: cache }, async () => {
      const found = await patient().open({ kind: "model", id: ID });
      assertEquals(found, { missing: "HF_HUB_OFFLINE is set and it is not in the cache" });
      assertEquals(await patient().check(AbortSignal.timeout(5_000)), {
        answers: false,
        detail: "HF_HUB_OFFLINE is set",
      });
    });
    assertEquals(seen.length, 0);
    const online = await open();
    await online.file("config.json");
    await online.file("tokenizer.json");
    const requests = seen.length;
    await withEnvironment({ HF_HUB_OFFLINE: "YES", HF_HUB_CACHE: cache }, async () => {
      const notes: string[] = [];
      const found = await patient({ endpoint, note: (message) => notes.push(message) }).open({ kind: "model", id: ID });
      assert("file" in found);
      assertEquals(await Deno.readFile((await found.file("config.json"))!), SMALL);
      assertEquals(await found.file("tokenizer.json"), undefined);
      assertEquals(notes, []); // the hub said that it has none
      assertEquals(await found.file("onnx/model one.bin"), undefined);
      assertEquals(notes, [
        `onnx/model one.bin of ${ID} counts as absent: it is not in the cache, and HF_HUB_OFFLINE is set.`,
      ]);
    });
    assertEquals(seen.length, requests);
  }));

Deno.test("hub() takes a cached snapshot as it is when the hub falls silent", () =>
  withHub(async ({ open, cache }) => {
    const online = await open();
    await online.file("config.json");
    const nobody = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const closed = `http://127.0.0.1:${nobody.addr.port}`;
    nobody.close();
    const notes: string[] = [];
    const source = patient({ endpoint: closed, cache, note: (message) => notes.push(message) });
    for (const revision of ["main", (online.origin as { revision: string }).revision]) {
      const found = await source.open({ kind: "model", id: ID, revision });
      assert("file" in found);
      assertEquals(await Deno.readFile((await found.file("config.json"))!), SMALL);
      assertEquals(await found.file("tokenizer.json"), undefined);
      assertStringIncludes(
        notes.at(-1)!,
        `tokenizer.json of ${ID} counts as absent: it is not in the cache, and ${closed}`,
      );
    }
  }));

Deno.test("hub() tells what it lacks: repository, revision, name, and a hub that is silent", () =>
  withHub(async ({ endpoint, cache }) => {
    const missing = async (id: string, revision?: string, options: HubOptions = {}) => {
      const source = patient({ endpoint, cache, ...options });
      const found = await source.open({ kind: "model", id, ...(revision && { revision }) });
      return "missing" in found ? found.missing : "found";
    };
    assertStringIncludes(await missing("some/other"), 'has no such model with revision "main"');
    assertStringIncludes(await missing(ID, "v2"), 'has no such model with revision "v2"');
    assertEquals(await missing("./some/model"), "not a name on the hub");
    assertEquals(await missing("some/model/deep"), "not a name on the hub");
    const nobody = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    const silent = `http://127.0.0.1:${nobody.addr.port}`; // takes connections and says nothing
    const timeout = 50;
    assertStringIncludes(await missing(ID, undefined, { endpoint: silent, timeout }), "no response within 0.05 s");
    const { answers, detail } = await patient({ endpoint: silent, timeout }).check(new AbortController().signal);
    assertEquals(answers, false);
    assertStringIncludes(detail, "no response within 0.05 s");
    nobody.close();
    assertStringIncludes(await missing(ID, undefined, { endpoint: silent }), "does not respond");
    assert((await patient({ endpoint }).check(new AbortController().signal)).answers);
  }));

Deno.test("hub() takes what the cache has of a branch where the hub is silent, and says so", () =>
  withHub(async ({ open }) => {
    await (await open()).file("config.json");
    const gone = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    gone.close();
    const notes: string[] = [];
    const { port } = gone.addr;
    const found = await open({ endpoint: `http://127.0.0.1:${port}`, note: (note) => notes.push(note) });
    assertEquals(await Deno.readFile((await found.file("config.json"))!), SMALL);
    assertEquals(notes.length, 1);
    assertStringIncludes(notes[0]!, COMMIT);
  }));

Deno.test("hub() asks for the commit that this project was made with, and for datasets", () =>
  inFolder(async (cache) => {
    const pinned = Object.entries(PINNED_REVISIONS).map(([repository, commit]) => {
      const [kind, id] = repository.split(" ") as ["model" | "dataset", string];
      return { kind, id, commit };
    });
    const files = { "rte/train.parquet": SMALL };
    await using fake = fakeHub({
      ...Object.fromEntries(pinned.map(({ kind, id, commit }) => [`${kind}s/${id}`, { commit, files: {} }])),
      "datasets/some/data": { commit: COMMIT, files },
    });
    const source = patient({ endpoint: fake.endpoint, cache });
    for (const { kind, id, commit } of pinned) {
      assert("file" in await source.open({ kind, id }));
      assertStringIncludes(fake.seen.at(-1)!.path, `${kind}s/${id}/revision/${commit}`);
    }
    const data = await source.open({ kind: "dataset", id: "some/data" });
    assert("file" in data);
    const path = join(cache, "datasets--some--data", "snapshots", COMMIT, "rte", "train.parquet");
    assertEquals(await data.file("rte/train.parquet"), path);
    assertEquals(await Deno.readFile(path), SMALL);
  }));

Deno.test("hub() in two processes at a time fetches a file once", () =>
  withHub(async ({ endpoint, cache, seen }) => {
    const module = new URL("../../../plugins/sources/hub.ts", import.meta.url);
    const code = `
      import { hub } from ${JSON.stringify(module)};
      const options = ${JSON.stringify({ endpoint, cache, timeout: 240_000 })};
      const found = await hub(options).open({ kind: "model", id: ${JSON.stringify(ID)} });
      console.log((await Deno.stat(await found.file("onnx/model one.bin"))).size);`;
    assertEquals(await Promise.all([startDeno(code), startDeno(code)].map(printed)), ["300000\n", "300000\n"]);
    assertEquals(seen.filter(({ storage }) => storage).length, 1);
  }));
