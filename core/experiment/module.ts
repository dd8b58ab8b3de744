/**
 * Modules that a user names: experiments, plugins and launchers.
 *
 * @module
 */
import { isAbsolute, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { messageOf, RequestError } from "../errors.ts";
import type { Namespace } from "../registry.ts";

/** Whether a name is the URL of a module. */
export const isModuleUrl = (name: string): boolean => /^(https?|file|jsr|npm):/.test(name);

/** Whether a name is the path of a module's file. */
export const isModulePath = (name: string): boolean => !isModuleUrl(name) && /\.[cm]?[jt]s$/.test(name);

/**
 * The URL of a module: its URL, or the path of its file from `cwd`.
 *
 * @param what what it declares, for messages: `experiment`
 *
 * @throws {RequestError} if there is no such file
 */
export async function moduleUrl(
  name: string,
  { cwd, what }: { readonly cwd: string; readonly what: string },
): Promise<string> {
  if (isModuleUrl(name)) return name;
  const path = resolve(cwd, name);
  const isFile = await Deno.stat(path).then(({ isDirectory }) => !isDirectory, () => false);
  if (!isFile) throw new RequestError(`No ${what} file ${name}${isAbsolute(name) ? "" : ` in ${cwd}`}.`);
  return pathToFileURL(path).href;
}

/**
 * Imports a module.
 *
 * @throws {RequestError} if it cannot be loaded, in one sentence with its file
 */
export async function importModule(url: string): Promise<Namespace> {
  try {
    return await import(url);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    throw moduleError(url, { message: messageOf(error), ...(error instanceof Error && { stack: error.stack }) });
  }
}

/** What Deno says of a module that cannot be loaded. */
export interface ModuleProblem {
  /** Its message, perhaps with a listing, a hint and a position below. */
  readonly message: string;
  /** The module that is to blame. @default the one that was to be loaded */
  readonly specifier?: string;
  /** Where positions stand, if not in the message. */
  readonly stack?: string | undefined;
}

/** The error for a module that cannot be loaded: one sentence that names each file once. */
export function moduleError(
  url: string,
  { message, specifier = url, stack = message }: ModuleProblem,
): RequestError {
  const sentence = withPaths(message.split("\n")[0]!).replace(/\.$/, "");
  const place = withPaths(stack.match(POSITION)?.find((position) => position.startsWith(specifier)) ?? specifier);
  const isNamed = sentence.includes(withPaths(specifier));
  if (specifier !== url) {
    return new RequestError(`${withPaths(url)} cannot be loaded: ${isNamed ? "" : `${place}: `}${sentence}.`);
  }
  return new RequestError(isNamed ? `${sentence}.` : `${place} cannot be loaded: ${sentence}.`);
}

const POSITION = /file:\/\/\/[^\s"'()]+:\d+:\d+/g;

// URLs of files as paths, as far as they are some.
const withPaths = (text: string): string =>
  text.replace(/file:\/\/\/[^\s"'()]+/g, (url) => {
    try {
      return fileURLToPath(url.replace(/[?#]/g, encodeURIComponent));
    } catch {
      return url;
    }
  });
