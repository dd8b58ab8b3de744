/**
 * Libraries for tests of what can go wrong with a plugin, compiled from C.
 *
 * @module
 */

/** Whether this machine compiles C. */
export const hasCompiler: boolean = await new Deno.Command("gcc", { args: ["--version"], stdout: "null" }).output()
  .then(({ success }) => success, () => false);

/** Compiles a shared library. */
export async function compileLibrary(path: string, code: string): Promise<string> {
  const source = `${path}.c`;
  await Deno.writeTextFile(source, code);
  const { success, stderr } = await new Deno.Command("gcc", {
    args: ["-shared", "-fPIC", "-o", path, source, "-ldl"],
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return path;
}

/** A plugin of an API version, and nothing more. */
export const pluginOfVersion = (major: number, minor: number): string => `
struct { long size; void *extension; long version_size; void *version_extension; int major, minor; void *slots[200]; }
  api = { sizeof api, 0, 24, 0, ${major}, ${minor} };
void *GetPjrtApi(void) { return &api; }`;

/** NVIDIA's driver with one device and a version. */
export const driverOfVersion = (version: number): string => `
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDriverGetVersion(int *version) { *version = ${version}; return 0; }`;

/** Where {@linkcode failingPlugin} fails. */
export interface Failure {
  /** The function's place in the plugin's table. */
  readonly slot: number;
  /** Only with so many arguments of an execution. @default any */
  readonly fromArguments?: number;
  readonly message: string;
  /** One of `PJRT_Error_Code`. */
  readonly code: number;
}

/** A real plugin with a function that fails, on a device of 2 GB of which 0.5 GB are in use. */
export const failingPlugin = (real: string, { slot, fromArguments = 0, message, code }: Failure): string => `
#include <dlfcn.h>
#include <string.h>
typedef void *(*function)(void *);
static struct { long size; char rest[32]; function slots[300]; } api;
static function real_call, real_message, real_code, real_destroy;
static char failure;
static void *call(void *args) {
  if (((long *)args)[6] < ${fromArguments}) return real_call(args);
  return &failure;
}
static void *message_of(void *args) {
  if (((void **)args)[2] != &failure) return real_message(args);
  ((const char **)args)[3] = ${JSON.stringify(message)};
  ((long *)args)[4] = ${message.length};
  return 0;
}
static void *code_of(void *args) {
  if (((void **)args)[2] != &failure) return real_code(args);
  ((int *)args)[6] = ${code};
  return 0;
}
static void *destroy(void *args) { return ((void **)args)[2] == &failure ? 0 : real_destroy(args); }
static void *memory(void *args) {
  long *words = args;
  words[3] = 500000000;
  words[10] = 2000000000;
  ((char *)args)[88] = 1;
  return 0;
}
void *GetPjrtApi(void) {
  void *library = dlopen(${JSON.stringify(real)}, RTLD_NOW | RTLD_LOCAL);
  void *(*get)(void) = library ? dlsym(library, "GetPjrtApi") : 0;
  if (!get) return 0;
  long *theirs = get();
  memcpy(&api, theirs, theirs[0] < (long)sizeof api ? theirs[0] : (long)sizeof api);
  real_destroy = api.slots[0], real_message = api.slots[1], real_code = api.slots[2], real_call = api.slots[${slot}];
  api.slots[0] = destroy, api.slots[1] = message_of, api.slots[2] = code_of, api.slots[${slot}] = call;
  api.slots[34] = memory;
  return &api;
}`;
