/**
 * A Python to compare with Transformers.
 *
 * @module
 */

/** A Python that has Transformers: the one named by `OPF_PEER_PYTHON`, or the machine's own; nothing if neither has it. */
export async function peerPython(): Promise<string | undefined> {
  for (const python of [Deno.env.get("OPF_PEER_PYTHON"), "python3"]) {
    if (!python) continue;
    const command = new Deno.Command(python, {
      args: ["-I", "-c", "import torch, transformers"],
      stdout: "null",
      stderr: "null",
    });
    if (await command.output().then(({ success }) => success, () => false)) return python;
  }
  return undefined;
}

/** Runs a script of `tests/peers/` with JSON on its standard input; gives the JSON that it prints. */
export async function runPeer(python: string, { script, args, input }: {
  readonly script: string;
  readonly args: readonly string[];
  readonly input: unknown;
}): Promise<unknown> {
  const process = new Deno.Command(python, {
    args: ["-I", new URL(`./peers/${script}`, import.meta.url).pathname, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify(input)));
  await writer.close();
  const { success, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${script}: ${text(stderr)}`);
  return JSON.parse(text(stdout));
}
