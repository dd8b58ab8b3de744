/**
 * The methods of a declaration.
 *
 * @module
 */
import { RequestError, unknownName } from "../errors.ts";
import { trainingSchema } from "../training/settings.ts";
import { check, shown } from "./check.ts";
import type { MethodDefinition, Methods } from "./method.ts";

const METHOD_KEYS = ["decomposition", "policy", "training"];

/**
 * Checks every method by its name, its keys and its parts.
 *
 * @throws {RequestError} with the method, what was expected and what it got
 */
export function checkMethods(methods: unknown, what: string): asserts methods is Methods {
  // `{ __proto__: … }` in source code sets the prototype instead of a method of that name.
  if (!isPlainObject(methods)) {
    throw new RequestError(`${what}: methods: expected a plain object, got ${shown(methods)}.`);
  }
  for (const [name, method] of Object.entries(methods)) checkMethod(method, { name, what });
}

function checkMethod(method: unknown, { name, what }: { readonly name: string; readonly what: string }): void {
  const place = `${what}: methods[${JSON.stringify(name)}]`;
  if (name.trim() === "" || /\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new RequestError(`${place}: expected a name of text without control characters.`);
  }
  if (!isPlainObject(method)) {
    throw new RequestError(`${place}: expected an object with ${METHOD_KEYS.join(", ")}, got ${shown(method)}.`);
  }
  const unknown = Object.keys(method).find((key) => !METHOD_KEYS.includes(key));
  if (unknown !== undefined) throw unknownName(`key in ${place}`, unknown, METHOD_KEYS);
  const { decomposition, policy, training } = method as MethodDefinition;
  if (!decomposition !== !policy) {
    const missing = policy ? "decomposition" : "policy";
    throw new RequestError(
      `${place}: expected both a decomposition and a policy, or neither; the ${missing} is missing.`,
    );
  }
  if (decomposition && typeof decomposition.plan !== "function") {
    throw new RequestError(`${place}.decomposition: expected a decomposition, got ${shown(decomposition)}.`);
  }
  if (policy && typeof policy.select !== "function") {
    throw new RequestError(`${place}.policy: expected a selection policy, got ${shown(policy)}.`);
  }
  if (training !== undefined) check(trainingSchema.partial(), training, `${place}.training`);
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
