import { assert, assertEquals } from "@std/assert";
import { TokenTable } from "../../../core/model/token_table.ts";
import { fc } from "../../_properties.ts";

const concat = (parts: readonly Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]));
const tableOf = (rows: readonly (readonly number[])[][], columns: number) => {
  const builder = TokenTable.builder(columns);
  rows.forEach((lists) => builder.add(lists));
  return builder.build();
};

Deno.test("TokenTable gives back every list, before and after it was bytes", () => {
  const limits = [1, 2 ** 8 - 1, 2 ** 8, 2 ** 16 - 1, 2 ** 16, 2 ** 31 - 1];
  const lists = fc.constantFrom(...limits).chain((max) => fc.array(fc.integer({ min: 0, max }), { maxLength: 7 }));
  const rows = fc.integer({ min: 1, max: 4 }).chain((columns) =>
    fc.tuple(fc.constant(columns), fc.array(fc.array(lists, { minLength: columns, maxLength: columns })))
  );
  fc.assert(fc.property(rows, ([columns, rows]) => {
    const table = tableOf(rows, columns);
    const listsOf = (table: TokenTable) =>
      Array.from({ length: table.rows }, (_, row) => table.columns.map((_, column) => [...table.list(row, column)]));
    assertEquals(listsOf(table), rows);
    const bytes = new Uint8Array([...new Uint8Array(32), ...concat(table.toBytes())]); // as a store reads it
    assertEquals(listsOf(TokenTable.fromBytes(bytes.subarray(32))), rows);
  }));
});

Deno.test("TokenTable stores ids of small vocabularies in one or two bytes", () => {
  const size = (largest: number) =>
    concat(tableOf(Array.from({ length: 100 }, () => [[largest, 0, 1, 2]]), 1).toBytes()).length;
  const [one, two, four] = [size(255), size(65_535), size(65_536)] as const;
  assertEquals([two - one, four - two], [400, 800]);
});

Deno.test("TokenTable's lists are views", () => {
  const table = tableOf(Array.from({ length: 3000 }, (_, row) => [[row, row + 1]]), 1);
  const [a, b] = [table.list(0, 0), table.list(2999, 0)] as [Uint16Array, Uint16Array];
  assert(a.buffer === b.buffer);
  assertEquals([...b], [2999, 3000]);
});
