import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";

Deno.test("a command goes on when nothing reads what it prints", async () => {
  const main = fileURLToPath(import.meta.resolve("../../../main.ts"));
  const args = ["run", "--no-check", "-A", main, "reproduce", "--help"];
  await using child = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "piped" }).spawn();
  await child.stdout.cancel();
  const [{ code }, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals([code, err], [0, ""]);
});
