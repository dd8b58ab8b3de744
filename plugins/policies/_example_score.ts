/**
 * A score for the examples of policies that need one.
 *
 * @module
 */
import type { ImportanceScore } from "@opf/framework";

/** Scores a matrix by its number of elements. */
export const exampleScore: ImportanceScore = {
  name: "size",
  options: {},
  score: ({ matrices }) =>
    Promise.resolve(new Map(matrices.map(({ name, shape: [rows, columns] }) => [name, rows * columns]))),
};
