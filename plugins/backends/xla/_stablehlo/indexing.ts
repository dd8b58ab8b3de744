/**
 * StableHLO's operations that read or write where indices point.
 *
 * @module
 */
import type { ElementType } from "../_pjrt/buffer.ts";
import { iota, splat } from "./elementwise.ts";
import { LazyNode } from "./node.ts";
import { check, sameShape, typeText } from "./text.ts";

/**
 * Slices of one element along `axis`, at the places that `indices` names; the first `batch` axes go along. The result has
 * the shape of `x` with that of the indices (but for the batch) in place of the axis.
 */
export function gather(x: LazyNode, indices: LazyNode, { axis, batch = 0 }: {
  readonly axis: number;
  readonly batch?: number;
}): LazyNode {
  const { type } = x, places = indices.shape.slice(batch);
  check(
    sameShape(x.shape.slice(0, batch), indices.shape.slice(0, batch)),
    `expected ${batch} equal axes of a batch, got [${x.shape}] and indices [${indices.shape}]`,
  );
  const shape = [...x.shape.slice(0, axis), ...places, ...x.shape.slice(axis + 1)];
  if (shape.includes(0)) return splat(0, type, shape); // there may be no slice of one element
  const offsets = shape.map((_, index) => index)
    .filter((index) => index >= batch && index < axis || index >= axis + places.length);
  const sizes = x.shape.map((extent, index) => index < batch || index === axis ? 1 : extent);
  const batches = Array.from({ length: batch }, (_, index) => index);
  return new LazyNode({
    type,
    shape,
    operands: [x, indices],
    emit: ([a, b], name) =>
      `${name} = "stablehlo.gather"(${a}, ${b}) <{dimension_numbers = #stablehlo.gather<` +
      `offset_dims = [${offsets.join(", ")}], collapsed_slice_dims = [${axis}], ` +
      `operand_batching_dims = [${batches.join(", ")}], start_indices_batching_dims = [${batches.join(", ")}], ` +
      `start_index_map = [${axis}], index_vector_dim = ${indices.shape.length}>, ` +
      `slice_sizes = array<i64: ${sizes.join(", ")}>, indices_are_sorted = false}> : ` +
      `(${typeText(x)}, ${typeText(indices)}) -> ${typeText({ type, shape })}`,
  });
}

/**
 * `into` with slices of its last axes put in, or added, at places: the last axis of `indices` counts the first axes of `into`.
 * Places that are not there are left out.
 */
export function scatter(
  into: LazyNode,
  { indices, updates, add }: { readonly indices: LazyNode; readonly updates: LazyNode; readonly add: boolean },
): LazyNode {
  const { type, shape } = into;
  const depth = indices.shape.at(-1)!, vector = indices.shape.length - 1;
  const places = Array.from({ length: depth }, (_, axis) => axis).join(", ");
  const windows = updates.shape.map((_, axis) => axis).slice(vector).join(", ");
  const expected = [...indices.shape.slice(0, -1), ...shape.slice(depth)];
  check(
    depth <= shape.length && sameShape(updates.shape, expected),
    `expected values [${expected}] for indices [${indices.shape}] into [${shape}], got [${updates.shape}]`,
  );
  const scalar = typeText({ type, shape: [] });
  const body = add
    ? `%z = stablehlo.${type === "i1" ? "or" : "add"} %x, %y : ${scalar}\n    stablehlo.return %z : ${scalar}`
    : `stablehlo.return %y : ${scalar}`;
  return new LazyNode({
    type,
    shape,
    operands: [into, indices, updates],
    emit: ([a, b, c], name) =>
      `${name} = "stablehlo.scatter"(${a}, ${b}, ${c}) <{scatter_dimension_numbers = #stablehlo.scatter<` +
      `update_window_dims = [${windows}], inserted_window_dims = [${places}], ` +
      `scatter_dims_to_operand_dims = [${places}], index_vector_dim = ${vector}>, ` +
      `indices_are_sorted = false, unique_indices = false}> ({\n  ^bb0(%x: ${scalar}, %y: ${scalar}):\n    ${body}\n}) : ` +
      `(${typeText(into)}, ${typeText(indices)}, ${typeText(updates)}) -> ${typeText(into)}`,
  });
}

/** Values in descending order along the last axis, and the places where they stood; of equal ones the first comes first. */
export function sortDescending(x: LazyNode): { values: LazyNode; indices: LazyNode } {
  const axis = x.shape.length - 1;
  const places = iota("i32", x.shape, axis);
  const [value, place] = [x, places].map(({ type }) => typeText({ type, shape: [] }));
  const kind = x.type === "f32" ? "FLOAT" : "SIGNED";
  const types = `${typeText(x)}, ${typeText(places)}`;
  const half = (type: ElementType, result: string) =>
    new LazyNode({
      type,
      shape: x.shape,
      result,
      operands: [x, places],
      emit: ([a, b], name) =>
        `${name}:2 = "stablehlo.sort"(${a}, ${b}) <{dimension = ${axis} : i64, is_stable = true}> ({\n` +
        `  ^bb0(%x: ${value}, %y: ${value}, %i: ${place}, %j: ${place}):\n` +
        `    %z = stablehlo.compare GT, %x, %y, ${kind} : (${value}, ${value}) -> tensor<i1>\n` +
        `    stablehlo.return %z : tensor<i1>\n}) : (${types}) -> (${types})`,
    });
  return { values: half(x.type, "#0"), indices: half("i32", "#1") };
}
