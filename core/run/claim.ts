/**
 * The claim of a run's folder by a task on some machine: a file whose creation is atomic, since locks do not hold on every
 * network file system.
 *
 * @module
 */
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { writeTextAtomic } from "../results/result.ts";
import { count, parseStored } from "../results/stored_json.ts";

/** Who does a run. */
export interface ClaimHolder {
  /** The launch that it belongs to: its number. */
  readonly launch: number;
  /** Id of the task. */
  readonly job: string;
  /** How often that task was started before. */
  readonly restarts: number;
  readonly host: string;
}

/** What a claim's file says. */
export interface Claim extends ClaimHolder {
  /** Tells attempts apart. */
  readonly token: string;
  /** Whether its holder gave the run back. */
  readonly released: boolean;
  /** Why the run failed. */
  readonly error?: string;
}

/** How an attempt at a run ended. */
export interface AttemptOutcome {
  /** Whether the run is done. */
  readonly done: boolean;
  /** Why it failed; absent if it was stopped. */
  readonly error?: string;
}

const claimSchema: z.ZodType<Claim> = z.object({
  launch: count,
  job: z.string(),
  restarts: count,
  host: z.string(),
  token: z.string(),
  released: z.boolean(),
  error: z.exactOptional(z.string()),
});

const NAME = /^claim-(\d+)\.json$/;
const DRAFT = "claim-draft-";
const pathOf = (folder: string, number: number) => `${folder}/claim-${number}.json`;
const toLine = (claim: Claim) => JSON.stringify(claim) + "\n";

/** The newest claim of a run's folder, released or not; `undefined` if no task has tried the run, or it is done. */
export async function readClaim(folder: string): Promise<Claim | undefined> {
  return (await newestClaim(folder))?.claim;
}

/**
 * Runs while this process alone claims a run; `undefined` if another one does, as far as `isAlive` knows. Claims are
 * numbered, and a new one follows one that is released or whose holder is dead: as files of one number are created once,
 * one of several claimants wins. When the run is done, all of its claims are removed.
 */
export async function withClaim<T extends AttemptOutcome>(
  folder: string,
  { holder, isAlive, run }: {
    readonly holder: ClaimHolder;
    /** Whether the holder of a claim that was not released may still be working. */
    readonly isAlive: (claim: Claim) => Promise<boolean>;
    readonly run: () => Promise<T>;
  },
): Promise<T | undefined> {
  await Deno.mkdir(folder, { recursive: true });
  const newest = await newestClaim(folder);
  if (newest && !newest.claim.released && await isAlive(newest.claim)) return undefined;
  const number = (newest?.number ?? 0) + 1;
  const claim: Claim = { ...holder, token: crypto.randomUUID(), released: false };
  if (!await create(folder, { number, claim })) return undefined;
  // Another task removed the earlier claims when the run was done, and a third one may have begun to count anew: this number
  // does not follow the newest claim, and excludes no one.
  if (newest && (await readAt(folder, newest.number))?.token !== newest.claim.token) {
    await Deno.remove(pathOf(folder, number));
    return undefined;
  }
  let outcome: AttemptOutcome = { done: false };
  try {
    return (outcome = await run()) as T;
  } catch (error) {
    outcome = { done: false, error: messageOf(error) };
    throw error;
  } finally {
    const { done, error } = outcome;
    if (done) await removeClaims(folder, number);
    else {
      const released = { ...claim, released: true, ...(error !== undefined && { error }) };
      await writeTextAtomic(pathOf(folder, number), toLine(released));
    }
  }
}

// Whole or not at all, and by one process only: a link to a file that is written before.
async function create(
  folder: string,
  { number, claim }: { readonly number: number; readonly claim: Claim },
): Promise<boolean> {
  const [path, draft] = [pathOf(folder, number), `${folder}/${DRAFT}${claim.token}.json`];
  await Deno.writeTextFile(draft, toLine(claim));
  try {
    await Deno.link(draft, path);
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    // A file server may have made the link and lost its answer: then the client tries again, and finds its own.
    return (await readAt(folder, number))?.token === claim.token;
  } finally {
    await Deno.remove(draft);
  }
}

// The own one last: until then no other process can claim a number that follows one of these.
async function removeClaims(folder: string, last: number): Promise<void> {
  for (let number = 1; number <= last; number++) await Deno.remove(pathOf(folder, number)).catch(() => {});
}

async function newestClaim(folder: string): Promise<{ readonly number: number; readonly claim: Claim } | undefined> {
  let number = 0;
  try {
    for await (const { name } of Deno.readDir(folder)) number = Math.max(number, Number(NAME.exec(name)?.[1] ?? 0));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  if (number === 0) return undefined;
  const claim = await readAt(folder, number);
  return claim && { number, claim };
}

async function readAt(folder: string, number: number): Promise<Claim | undefined> {
  const path = pathOf(folder, number);
  try {
    return parseStored(await Deno.readTextFile(path), { schema: claimSchema, place: path });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined; // removed meanwhile, since the run is done
    throw error;
  }
}
