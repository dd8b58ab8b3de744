/**
 * Runs the program as a person does, on the tiny model and data.
 *
 * @module
 */
import { inFolder } from "../../_place.ts";
import { writeTinyData, writeTinyModel } from "../../_tiny.ts";

const ROOT = new URL("../../../", import.meta.url);

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a command runs in. */
export interface Surroundings {
  /** The largest size of a file: writing more is an error, as on a full disk. @default no limit */
  readonly kilobytes?: number;
  /** Environment variables. @default offline */
  readonly env?: Readonly<Record<string, string>>;
}

/** A command that takes longer hangs, even on a machine that is busy with other things. */
const PATIENCE_SECONDS = 1200;

const LIMITED = `trap "" XFSZ; ulimit -f "$0"; exec "$@"`;

/** A command's process, with the permissions of its task. */
export function spawn(
  args: readonly string[],
  folder: string,
  { kilobytes, env = { HF_HUB_OFFLINE: "1" } }: Surroundings = {},
): Deno.ChildProcess {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const { command } = tasks[args[0]!] as { command: string };
  const words = [Deno.execPath(), ...command.split(" ").slice(1), ...args.slice(1)];
  const [program, ...rest] = kilobytes ? ["bash", "-c", LIMITED, String(kilobytes), ...words] : words;
  return new Deno.Command(program!, {
    args: rest,
    cwd: ROOT,
    env: { INIT_CWD: folder, NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Runs a command from a folder to its end. What Deno says of modules that it fetches first is left out. */
export async function run(args: readonly string[], folder: string, surroundings: Surroundings = {}): Promise<Ended> {
  const process = spawn(args, folder, surroundings);
  const timer = setTimeout(() => process.kill("SIGKILL"), 1000 * PATIENCE_SECONDS);
  const { code, stdout, stderr } = await process.output().finally(() => clearTimeout(timer));
  const err = new TextDecoder().decode(stderr).replaceAll(/^Download .*\n/gm, "");
  return { code, out: new TextDecoder().decode(stdout), err };
}

/** An experiment file on the tiny model. */
const EXPERIMENT = `
import { defineExperiment } from "@opf/framework";
import { mpo, staticTop, taylor } from "@opf/framework/plugins";

export default defineExperiment({
  name: "tiny",
  models: ["./model"],
  tasks: ["sst2"],
  seeds: [1],
  training: { epochs: 2, batchSize: 16, learningRate: 5e-3, factorLearningRate: 1e-3, maxLength: 16 },
  parameters: { tensors: 3 },
  methods: ({ tensors }) => ({
    "fine-tuning": {},
    "OPF-MPO static": { decomposition: mpo({ tensors }), policy: staticTop({ n: 1, score: taylor() }) },
  }),
});
`;

/** A folder with \`model/\`, \`data/\` and \`tiny.ts\`, taken away afterwards. */
export const inTinyFolder = <T>(use: (folder: string) => Promise<T>): Promise<T> =>
  inFolder(async (folder) => {
    await writeTinyModel(`${folder}/model`);
    await writeTinyData(`${folder}/data`);
    await Deno.writeTextFile(`${folder}/tiny.ts`, EXPERIMENT.replace('"./model"', JSON.stringify(`${folder}/model`)));
    return await use(folder);
  });
