import { assertEquals } from "@std/assert";
import { settingsPage } from "../../../core/report/settings_page.ts";

Deno.test("docs/settings.md matches the schema", async () => {
  const path = new URL("../../../docs/settings.md", import.meta.url);
  assertEquals(await Deno.readTextFile(path), settingsPage());
});
