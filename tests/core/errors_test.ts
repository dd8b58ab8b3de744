import { Interrupted, messageOf, RequestError, unknownName } from "@opf/framework";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";

Deno.test("unknownName() suggests the name that a slip of the finger was meant to be", () => {
  const names = ["attention.self.query", "attention.self.key", "attention.self.value", "output.dense"];
  const slips = { "attention.self.querry": names[0], "atention.self.key": names[1], "outptu.dense": names[3] };
  for (const [slip, meant] of Object.entries(slips)) {
    const error = unknownName("matrix", slip, names);
    assert(error instanceof RequestError);
    assertEquals(error.message, `Unknown matrix "${slip}". Did you mean "${meant}"? Known: ${names.join(", ")}.`);
  }
});

Deno.test("unknownName() suggests one of the names that there are, whatever was asked for", () =>
  fc.assert(
    fc.property(fc.string(), fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1 }), (name, known) => {
      const suggested = /Did you mean "([a-z]+)"\?/.exec(
        unknownName("task", name, new Set(known)).message.slice(name.length),
      );
      assert(known.includes(suggested![1]!));
    }),
  ));

Deno.test("unknownName() has nothing to suggest where there is nothing", () => {
  assertEquals(unknownName("matrix", "a", []).message, 'Unknown matrix "a": there is none.');
});

Deno.test("errors are told apart by class and by name", () => {
  const [request, interrupted] = [new RequestError("no"), new Interrupted("stop")];
  assertEquals([request.name, interrupted.name], ["RequestError", "Interrupted"]);
  assert(request instanceof Error && !((request as Error) instanceof Interrupted));
});

Deno.test("messageOf() takes whatever was thrown", () => {
  assertEquals([new TypeError("wrong"), "text", 3, undefined].map(messageOf), ["wrong", "text", "3", "undefined"]);
});
