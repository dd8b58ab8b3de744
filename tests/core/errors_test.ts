import { Interrupted, messageOf, RequestError, unknownName } from "@opf/framework";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fc } from "../_properties.ts";

Deno.test("unknownName() suggests the name closest to a typo", () => {
  const names = ["attention.self.query", "attention.self.key", "attention.self.value", "output.dense"];
  const typos = { "attention.self.querry": names[0], "atention.self.key": names[1], "outptu.dense": names[3] };
  for (const [typo, name] of Object.entries(typos)) {
    const error = unknownName("matrix", typo, names);
    assert(error instanceof RequestError);
    assertEquals(error.message, `Unknown matrix "${typo}". Did you mean "${name}"? Known: ${names.join(", ")}.`);
  }
});

Deno.test("unknownName() suggests a name that contains what was asked for, however long", () => {
  const names = ["rte", "mnli", "practice-similarity", "practice-entailment"];
  assertStringIncludes(unknownName("task", "similarity", names).message, 'Did you mean "practice-similarity"?');
});

Deno.test("unknownName() suggests nothing for what is no typo", () => {
  const names = ["tensorflow", "xla", "wasm"];
  for (const name of ["", "tf", "torch"]) {
    assertEquals(
      unknownName("backend", name, names).message,
      `Unknown backend "${name}". Known: tensorflow, xla, wasm.`,
    );
  }
});

Deno.test("unknownName() stays one line, whatever known names hold", () =>
  assertEquals(
    unknownName("method", "a", ["a\nb"]).message,
    'Unknown method "a". Did you mean "a\\nb"? Known: a\\nb.',
  ));

Deno.test("unknownName() suggests the name that a typo is of, whatever the others", () =>
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.stringMatching(/^[a-z]{4,8}$/), { minLength: 1 }),
      fc.nat(),
      fc.nat(3),
      (known, index, place) => {
        const name = known[index % known.length]!;
        const typo = name.slice(0, place) + name.slice(place + 1);
        const suggested = /Did you mean "([a-z]+)"\?/.exec(unknownName("task", typo, known).message)?.[1];
        assert(known.includes(suggested!), `${suggested} for ${typo} of ${known}`);
      },
    ),
  ));

Deno.test("unknownName() suggests nothing if no name is known", () => {
  assertEquals(unknownName("matrix", "a", []).message, 'Unknown matrix "a": none is known.');
});

Deno.test("errors differ by class and by name", () => {
  const [request, interrupted] = [new RequestError("no"), new Interrupted("stop")];
  assertEquals([request.name, interrupted.name], ["RequestError", "Interrupted"]);
  assert(request instanceof Error && !((request as Error) instanceof Interrupted));
});

Deno.test("messageOf() accepts any thrown value", () => {
  assertEquals([new TypeError("wrong"), "text", 3, undefined].map(messageOf), ["wrong", "text", "3", "undefined"]);
});
