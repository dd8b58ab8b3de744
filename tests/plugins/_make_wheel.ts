/**
 * Small wheels for tests, as pip takes them.
 *
 * @module
 */
import { sha256OfFile } from "@opf/framework";
import { join } from "node:path";
import type { Wheel } from "../../plugins/_wheels.ts";

const PACK = `
import base64, hashlib, json, sys, zipfile
wheel = json.load(sys.stdin)
info = f"{wheel['package']}-{wheel['version']}.dist-info"
files = {name: base64.b64decode(text) for name, text in wheel["files"].items()}
files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {wheel['name']}\\nVersion: {wheel['version']}\\n".encode()
files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: {wheel['tag']}\\n".encode()
record = ""
for name, content in files.items():
    digest = hashlib.sha256(b"a lie" if name == wheel.get("lie") else content).digest()
    record += f"{name},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{len(content)}\\n"
with zipfile.ZipFile(wheel["path"], "w", zipfile.ZIP_DEFLATED) as out:
    for name, content in files.items(): out.writestr(name, content)
    out.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\\n")
`;

/** What goes into a wheel. */
export interface WheelContent {
  readonly name: string;
  readonly version: string;
  /** A platform tag. @default any */
  readonly platform?: string;
  readonly files: { readonly [path: string]: Uint8Array<ArrayBuffer> | string };
  /** A file whose digest in RECORD is wrong. */
  readonly lie?: string;
}

/** Writes a wheel into a folder, and gives it as it would be pinned. */
export async function makeWheel(folder: string, { name, version, platform, files, lie }: WheelContent): Promise<Wheel> {
  const distribution = name.replaceAll("-", "_");
  const tag = platform ? `cp311-cp311-${platform}` : "py3-none-any";
  const path = join(folder, `${distribution}-${version}-${tag}.whl`);
  const encoded = Object.entries(files).map(([path, content]) => [
    path,
    (typeof content === "string" ? new TextEncoder().encode(content) : content).toBase64(),
  ]);
  await Deno.mkdir(folder, { recursive: true });
  const process = new Deno.Command("python3", { args: ["-I", "-c", PACK], stdin: "piped" }).spawn();
  const input = new Blob([
    JSON.stringify({ name, version, package: distribution, tag, path, lie, files: Object.fromEntries(encoded) }),
  ]);
  await input.stream().pipeTo(process.stdin);
  if (!(await process.status).success) throw new Error(`making ${path} failed`);
  const bytes = (await Deno.stat(path)).size;
  return { name, version, sha256: await sha256OfFile(path), bytes, ...(platform && { platform }) };
}

/** Environment variables with which pip knows one folder of wheels and nothing else. */
export const pipWith = (folder: string): Record<string, string> => ({
  PIP_CONFIG_FILE: "/dev/null",
  PIP_NO_INDEX: "1",
  PIP_FIND_LINKS: folder,
  PIP_NO_CACHE_DIR: "1",
});
