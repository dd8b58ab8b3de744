/**
 * A stand-in for `jsr:@std/assert` where JSR cannot be reached: the same names and signatures over Node's own
 * assertions, only those that this project uses. Deleting `links` in `deno.json` gives the real one.
 *
 * @module
 */
import { AssertionError, deepStrictEqual, notDeepStrictEqual } from "node:assert";

const fail = (message: string, note?: string): never => {
  throw new AssertionError({ message: note === undefined ? message : `${message}: ${note}` });
};
const show = (value: unknown) => typeof value === "string" ? JSON.stringify(value) : Deno.inspect(value);

/** Fails unless `value` is truthy. */
export function assert(value: unknown, message?: string): asserts value {
  if (!value) fail("Expected a truthy value", message);
}

/** Fails unless the two are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    fail((error as Error).message, message);
  }
}

/** Fails if the two are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  try {
    notDeepStrictEqual(actual, expected);
  } catch (error) {
    fail((error as Error).message, message);
  }
}

/** Fails unless the two are the same value. */
export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  if (!Object.is(actual, expected)) fail(`Expected ${show(expected)}, found ${show(actual)}`, message);
}

/** Fails unless the two numbers differ by at most `tolerance`. */
export function assertAlmostEquals(actual: number, expected: number, tolerance = 1e-7, message?: string): void {
  if (Object.is(actual, expected)) return;
  if (!(Math.abs(actual - expected) <= tolerance)) {
    fail(`Expected ${actual} to be within ${tolerance} of ${expected}`, message);
  }
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  if (!(actual > expected)) fail(`Expected ${show(actual)} > ${show(expected)}`, message);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (!(actual < expected)) fail(`Expected ${show(actual)} < ${show(expected)}`, message);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual <= expected)) fail(`Expected ${show(actual)} <= ${show(expected)}`, message);
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (!actual.includes(expected)) fail(`Expected ${show(actual)} to contain ${show(expected)}`, message);
}

/** Fails unless `actual` matches `expected`. */
export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) fail(`Expected ${show(actual)} to match ${expected}`, message);
}

/** Fails unless `value` is neither null nor undefined. */
export function assertExists<T>(value: T, message?: string): asserts value is NonNullable<T> {
  if (value === undefined || value === null) fail(`Expected a value, found ${value}`, message);
}

/** Fails unless `value` is an instance of `type`. */
export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  value: unknown,
  type: T,
  message?: string,
): asserts value is InstanceType<T> {
  if (!(value instanceof type)) fail(`Expected an instance of ${type.name}, found ${show(value)}`, message);
}

type ErrorClass<E extends Error> = abstract new (...args: never[]) => E;

function checkThrown<E extends Error>(error: unknown, type?: ErrorClass<E>, includes = "", message?: string): E {
  if (!(error instanceof Error)) return fail(`Expected an Error to be thrown, found ${show(error)}`, message);
  if (type && !(error instanceof type)) {
    fail(`Expected ${type.name}, found ${error.constructor.name} with the message ${show(error.message)}`, message);
  }
  if (!error.message.includes(includes)) {
    fail(`Expected a message with ${show(includes)}, found ${show(error.message)}`, message);
  }
  return error as E;
}

/** Fails unless `run` throws (an error of that class, whose message contains that text); gives the error. */
export function assertThrows<E extends Error = Error>(
  run: () => unknown,
  type?: ErrorClass<E>,
  includes?: string,
  message?: string,
): E {
  try {
    run();
  } catch (error) {
    return checkThrown(error, type, includes, message);
  }
  return fail("Expected the function to throw", message);
}

/** Fails unless `run` rejects (with an error of that class, whose message contains that text); gives the error. */
export async function assertRejects<E extends Error = Error>(
  run: () => PromiseLike<unknown>,
  type?: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E> {
  try {
    await run();
  } catch (error) {
    return checkThrown(error, type, includes, message);
  }
  return fail("Expected the function to reject", message);
}
