import { assertEquals, assertThrows } from "@std/assert";
import { parseJson } from "../../../core/io/json_text.ts";

Deno.test("parseJson() reads what JSON.parse() does", () => {
  const texts = [
    '{"a": {"a": [{"a": 1}, {"a": 2}]}, "b": "a", "c": ["a", "a"]}',
    '{"\\\\": 1, "\\"": 2, "\\\\\\"": "}:{\\"a\\": 1, \\"a\\": 2", "": 3, "é": 4, "e\u0301": 5, "__proto__": {"x": 1}}',
    " [ ] ",
    '"a: \\"b\\": "',
    "1e2",
    "null",
    '{"1": 1, "01": 2, "1.0": 3}',
  ];
  for (const text of texts) assertEquals(parseJson(text), JSON.parse(text), text);
  const deep = "[".repeat(100) + "]".repeat(100);
  assertEquals(parseJson(deep), JSON.parse(deep));
});

Deno.test("parseJson() refuses a key that an object has twice, however it is written", () => {
  const cases: readonly (readonly [text: string, key: string])[] = [
    ['{"a": 1, "a": 1}', '"a"'],
    ['{"a": {"b": [1, {"c": 1, "d": {}, "c": 2}]}}', '"c"'],
    ['{"a" \n:1,"\\u0061":2}', '"a"'],
    ['{"\\n": 1, "\\u000a": 2}', '"\\n"'],
    ['{"": 1, "": 2}', '""'],
    ['{"__proto__": 1, "__proto__": 2}', '"__proto__"'],
    ['[{"x": {"y": 1}, "x": {"z": 1}}]', '"x"'],
  ];
  for (const [text, key] of cases) {
    assertThrows(() => parseJson(text), Error, `expected every key once, got ${key} twice`, text);
  }
});

Deno.test("parseJson() refuses what is no JSON, or too deep for parsers that recurse", () => {
  for (
    const text of ["", "{", '{"a": 1', '{"a" 1}', '"', '"\\', "}{", "]", "{a: 1}", "[1,]", "NaN"]
  ) {
    assertThrows(() => parseJson(text), Error, "expected JSON: ", text);
  }
  assertThrows(() => parseJson("[".repeat(101) + "]".repeat(101)), Error, "expected at most 100 nested levels");
  assertThrows(() => parseJson('{"a":'.repeat(1e6)), Error, "expected at most 100 nested levels");
});
