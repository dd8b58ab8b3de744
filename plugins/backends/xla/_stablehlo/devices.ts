/**
 * StableHLO's operations between devices that run a program together.
 *
 * @module
 */
import { LazyNode } from "./node.ts";
import { typeText } from "./text.ts";

/** The sum of the devices' values, on each of them. */
export function sumOverDevices(x: LazyNode, devices: number): LazyNode {
  const scalar = typeText({ type: x.type, shape: [] });
  return new LazyNode({
    type: x.type,
    shape: x.shape,
    operands: [x],
    isTraced: true,
    emit: ([a], name) =>
      `${name} = "stablehlo.all_reduce"(${a}) <{${groupOf(devices)}}> ({\n  ^bb0(%x: ${scalar}, %y: ${scalar}):\n` +
      `    %z = stablehlo.add %x, %y : ${scalar}\n    stablehlo.return %z : ${scalar}\n}) : ` +
      `(${typeText(x)}) -> ${typeText(x)}`,
  });
}

/** The devices' values one after another along the first axis, on each of them. */
export function gatherFromDevices(x: LazyNode, devices: number): LazyNode {
  const { type } = x, shape = [x.shape[0]! * devices, ...x.shape.slice(1)];
  return new LazyNode({
    type,
    shape,
    operands: [x],
    isTraced: true,
    emit: ([a], name) =>
      `${name} = "stablehlo.all_gather"(${a}) <{all_gather_dim = 0 : i64, ${groupOf(devices)}}> : ` +
      `(${typeText(x)}) -> ${typeText({ type, shape })}`,
  });
}

// All devices are one group.
const groupOf = (devices: number): string =>
  `replica_groups = dense<[[${Array.from({ length: devices }, (_, index) => index).join(", ")}]]> : ` +
  `tensor<1x${devices}xi64>`;

/** The index of the device that computes: ui32, a scalar. */
export const deviceIndex = (): LazyNode =>
  new LazyNode({
    type: "ui32",
    shape: [],
    isTraced: true,
    emit: (_, name) => `${name} = stablehlo.replica_id : tensor<ui32>`,
  });
