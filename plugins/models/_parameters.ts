/**
 * Parameters of the modules that transformers are made of, and their names in files.
 *
 * @module
 */
import type { MatrixInfo, MatrixShape, ParameterInfo } from "@opf/framework";

/** `module.weight [rows, columns]`, and `module.bias [rows]` unless `bias` is false. */
export function linearParameters(
  module: string,
  { shape, bias = true, ...more }: Omit<ParameterInfo, "name"> & { readonly bias?: boolean },
): ParameterInfo[] {
  return [
    { name: `${module}.weight`, shape, ...more },
    ...bias
      ? [{ name: `${module}.bias`, shape: [shape[0]!], noWeightDecay: true, ...more, initial: "zeros" } as const]
      : [],
  ];
}

/** Scale and shift of a LayerNorm, `[width]` each. */
export const normParameters = (module: string, width: number): ParameterInfo[] => [
  { name: `${module}.weight`, shape: [width], noWeightDecay: true, initial: "ones" },
  { name: `${module}.bias`, shape: [width], noWeightDecay: true, initial: "zeros" },
];

/** A matrix that each layer of a stack has, `[out, in]`. */
export interface LayerMatrix {
  readonly module: string;
  readonly kind: "attention" | "ffn";
  readonly shape: MatrixShape;
  /** The module of the LayerNorm that follows. */
  readonly norm?: string;
  /** Standard deviation of first values. @default the model's */
  readonly initialDeviation?: number;
}

/** The layers of a stack, the first at `prefix.0`. */
export interface LayerStack {
  readonly prefix: string;
  readonly layers: number;
  readonly matrices: readonly LayerMatrix[];
  readonly stack?: "encoder" | "decoder";
}

/** The matrices of all layers. */
export const stackMatrices = ({ prefix, layers, matrices, stack }: LayerStack): MatrixInfo[] =>
  Array.from({ length: layers }, (_, layer) =>
    matrices.map(({ module, kind, shape }) => ({
      name: `${prefix}.${layer}.${module}.weight`,
      kind,
      module,
      layer,
      ...(stack && { stack }),
      shape,
    }))).flat();

/** The parameters of all layers: matrices, their biases unless `biases` is false, and the LayerNorms. */
export const stackParameters = (
  { prefix, layers, matrices, biases = true }: LayerStack & { readonly biases?: boolean },
): ParameterInfo[] =>
  Array.from({ length: layers }, (_, layer) =>
    matrices.flatMap(({ module, shape, norm, initialDeviation }) => [
      ...linearParameters(`${prefix}.${layer}.${module}`, {
        shape,
        bias: biases,
        ...(initialDeviation !== undefined && { initialDeviation }),
      }),
      ...norm === undefined ? [] : normParameters(`${prefix}.${layer}.${norm}`, shape[0]),
    ])).flat();

/**
 * The model's names for the tensors of files: with the prefix of the model for the task or without it, and nothing for
 * tensors that are no parameters and for layers that are left out.
 */
export function canonicalNames(
  { parameters, prefix, stacks, isBuffer }: {
    readonly parameters: readonly ParameterInfo[];
    /** As in `bert.`. */
    readonly prefix: string;
    readonly stacks: readonly LayerStack[];
    /** Recognizes tensors of files that are no parameters. */
    readonly isBuffer: RegExp;
  },
): (nameInFile: string) => string | undefined {
  const names = new Set(parameters.map(({ name }) => name));
  const isLeftOut = (name: string) =>
    stacks.some(({ prefix: layer, layers }) =>
      name.startsWith(`${layer}.`) && Number.parseInt(name.slice(layer.length + 1)) >= layers
    );
  return (nameInFile) => {
    if (isBuffer.test(nameInFile)) return undefined;
    const name = nameInFile.replace(/\.gamma$/, ".weight").replace(/\.beta$/, ".bias"); // of TensorFlow's checkpoints
    if (isLeftOut(name) || isLeftOut(prefix + name)) return undefined;
    return names.has(prefix + name) ? prefix + name : name;
  };
}
