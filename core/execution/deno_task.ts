/**
 * Tasks of `deno.json`: the flags, permissions among them, that a process of this program starts with.
 *
 * @module
 */

/** What is added to a task's command. */
export interface DenoTaskOptions {
  /** The project's root. */
  readonly root: URL;
  /** More flags of Deno, before the program. */
  readonly flags?: readonly string[];
  /** More arguments of the program. */
  readonly args?: readonly string[];
}

/** The arguments for `deno` by which a task of `deno.json` starts. */
export async function denoTaskArguments(
  name: string,
  { root, flags = [], args = [] }: DenoTaskOptions,
): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root))) as {
    tasks: { readonly [name: string]: string | { readonly command: string } };
  };
  const task = tasks[name]!;
  const [, ...words] = (typeof task === "string" ? task : task.command).split(" ");
  const program = words.findIndex((word) => !word.startsWith("-") && word.endsWith(".ts"));
  return [...words.slice(0, program), ...flags, ...words.slice(program), ...args];
}
