/**
 * The reader of wheels.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { extractWheel } from "../../plugins/_wheel_archive.ts";
import { expectSame } from "./_expect.ts";
import type { FileReader } from "./_fuzz.ts";
import { wheelFile } from "./_seeds.ts";

const FILES = { "package/library.so": "library ".repeat(20), "package/data.txt": "data" };

export const wheels: FileReader = {
  name: "wheels",
  seeds: [{ name: "package-1.0-py3-none-any.whl", bytes: wheelFile(FILES) }],
  async read(path) {
    const target = join(dirname(path), "unpacked");
    await Deno.remove(target, { recursive: true }).catch(() => {});
    await extractWheel(path, target, (entry) => Object.hasOwn(FILES, entry) ? entry : undefined);
    for (const [name, text] of Object.entries(FILES)) {
      const content = await Deno.readTextFile(join(target, name)).catch(() => text); // an entry under another name
      expectSame(name, content, text);
    }
    return undefined;
  },
};
