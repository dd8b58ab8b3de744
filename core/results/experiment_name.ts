/**
 * Names of experiments, which become names of files.
 *
 * @module
 */
import { z } from "zod";

/** Parts separated by `/`, none of which leads out of its folder or hides a file. */
export const experimentNameSchema: z.ZodType<string> = z.string().max(100).regex(
  /^\w[\w.-]*(\/\w[\w.-]*)*$/,
  "expected letters, digits and . _ -, in parts separated by / that begin with a letter, a digit or _",
);

/** The name of an experiment's files: `ablations-size` for `ablations/size`. */
export const experimentFileName = (name: string): string => name.replaceAll("/", "-");
