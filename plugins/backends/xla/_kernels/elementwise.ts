/**
 * Kernels that compute each element from those at the same place.
 *
 * @module
 */
import { tf } from "@opf/framework";
import type { ElementType } from "../_pjrt/buffer.ts";
import type { KernelDefinition, Kernels } from "./kernel.ts";
import type { LazyNode } from "../_stablehlo/node.ts";
import { binary, compare, convert, select, special, splat, unary } from "../_stablehlo/elementwise.ts";
import { broadcastTo } from "../_stablehlo/movement.ts";

const like = (value: number, { type, shape }: LazyNode): LazyNode => splat(value, type, shape);

/** Two values in the shape that both are broadcast to. */
function broadcastTogether(a: LazyNode, b: LazyNode): [LazyNode, LazyNode] {
  const shape = tf.backend_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  return [broadcastTo(a, shape), broadcastTo(b, shape)];
}

const ofTwo = (compute: (a: LazyNode, b: LazyNode) => LazyNode): KernelDefinition => ({ a, b }) =>
  compute(...broadcastTogether(a!, b!));
const ofOne = (compute: (x: LazyNode) => LazyNode): KernelDefinition => ({ x }) => compute(x!);
const named = (op: string): KernelDefinition => ofOne((x) => unary(op, x));
// As everywhere in TensorFlow.js, functions of floats take integers too.
const ofFloat = (compute: (x: LazyNode) => LazyNode): KernelDefinition => ofOne((x) => compute(convert(x, "f32")));
const floatFunction = (op: string): KernelDefinition => ofFloat((x) => unary(op, x));
const specialFunction = (op: string): KernelDefinition => ofFloat((x) => special(op, x));
const comparing = (direction: string): KernelDefinition => ofTwo((a, b) => compare(direction, a, b));

/** Elements in another type: numbers are cut off toward zero, and what is not zero is true. */
export function cast(x: LazyNode, type: ElementType): LazyNode {
  return type === "i1" && x.type !== "i1" ? compare("NE", x, like(0, x)) : convert(x, type);
}

/** 1/x, for floats. */
const reciprocal = (x: LazyNode) => binary("divide", like(1, x), x);

const signsDiffer = (a: LazyNode, b: LazyNode) =>
  compare("NE", compare("LT", a, like(0, a)), compare("LT", b, like(0, b)));

// Where the remainder is not zero and has another sign than the divisor.
const roundsDown = (remainder: LazyNode, divisor: LazyNode) =>
  binary("and", compare("NE", remainder, like(0, remainder)), signsDiffer(remainder, divisor));

function floorDivide(a: LazyNode, b: LazyNode): LazyNode {
  const quotient = binary("divide", a, b);
  if (a.type === "f32") return unary("floor", quotient);
  const isOff = roundsDown(binary("remainder", a, b), b);
  return select(isOff, binary("subtract", quotient, like(1, quotient)), quotient);
}

function modulo(a: LazyNode, b: LazyNode): LazyNode {
  const remainder = binary("remainder", a, b);
  return select(roundsDown(remainder, b), binary("add", remainder, b), remainder);
}

/** Elements that are no numbers, of floats. */
export const isNaN = (x: LazyNode): LazyNode => compare("NE", x, x);
const isFinite = (x: LazyNode) => compare("LT", unary("abs", x), like(Infinity, x));
const isInfinite = (x: LazyNode) => compare("EQ", unary("abs", x), like(Infinity, x));
const relu = (x: LazyNode) => binary("maximum", x, like(0, x));
const clip = (x: LazyNode, low: number, high: number) =>
  binary("minimum", binary("maximum", x, like(low, x)), like(high, x));

// log(1 + eˣ) without overflow.
const softplus = (x: LazyNode) =>
  binary("add", relu(x), unary("log_plus_one", unary("exponential", unary("negate", unary("abs", x)))));

const expm1 = (x: LazyNode) => unary("exponential_minus_one", x);
const { SELU_SCALE, SELU_SCALEALPHA } = tf.backend_util;
const selu = (x: LazyNode) =>
  select(
    compare("GT", x, like(0, x)),
    binary("multiply", x, like(SELU_SCALE, x)),
    binary("multiply", expm1(x), like(SELU_SCALEALPHA, x)),
  );

const prelu: KernelDefinition = ({ x, alpha }) => {
  const [each, slope] = broadcastTogether(x!, alpha!);
  return select(compare("GT", each, like(0, each)), each, binary("multiply", each, slope));
};

const batchNorm: KernelDefinition = ({ x, mean, variance, scale, offset }, { varianceEpsilon }) => {
  const each = (value: LazyNode) => broadcastTo(value, x!.shape);
  const factor = unary("rsqrt", binary("add", variance!, like(varianceEpsilon as number, variance!)));
  const normal = binary("multiply", binary("subtract", x!, each(mean!)), each(factor));
  const scaled = scale ? binary("multiply", normal, each(scale)) : normal;
  return offset ? binary("add", scaled, each(offset)) : scaled;
};

const square = (x: LazyNode) => binary("multiply", x, x);

/** Kernels of one, two or three tensors, element by element. */
export const ELEMENTWISE: Kernels = {
  [tf.Add]: ofTwo((a, b) => binary("add", a, b)),
  [tf.Sub]: ofTwo((a, b) => binary("subtract", a, b)),
  [tf.Multiply]: ofTwo((a, b) => binary(a.type === "i1" ? "and" : "multiply", a, b)),
  [tf.RealDiv]: ofTwo((a, b) => binary("divide", a, b)),
  [tf.FloorDiv]: ofTwo(floorDivide),
  [tf.Mod]: ofTwo(modulo),
  [tf.Pow]: ofTwo((a, b) => binary("power", a, b)),
  [tf.Maximum]: ofTwo((a, b) => binary("maximum", a, b)),
  [tf.Minimum]: ofTwo((a, b) => binary("minimum", a, b)),
  [tf.Atan2]: ofTwo((a, b) => binary("atan2", a, b)),
  [tf.SquaredDifference]: ofTwo((a, b) => square(binary("subtract", a, b))),
  [tf.BitwiseAnd]: ofTwo((a, b) => binary("and", a, b)),
  [tf.AddN]: (inputs) => Object.values(inputs).reduce((sum, x) => binary("add", sum, x)),

  [tf.Equal]: comparing("EQ"),
  [tf.NotEqual]: comparing("NE"),
  [tf.Greater]: comparing("GT"),
  [tf.GreaterEqual]: comparing("GE"),
  [tf.Less]: comparing("LT"),
  [tf.LessEqual]: comparing("LE"),
  [tf.LogicalAnd]: ofTwo((a, b) => binary("and", a, b)),
  [tf.LogicalOr]: ofTwo((a, b) => binary("or", a, b)),
  [tf.LogicalXor]: ofTwo((a, b) => binary("xor", a, b)),
  [tf.LogicalNot]: named("not"),
  [tf.IsNan]: ofFloat(isNaN),
  [tf.IsInf]: ofFloat(isInfinite),
  [tf.IsFinite]: ofFloat(isFinite),
  [tf.Select]: ({ condition, t, e }) => select(condition!, t!, e!),

  [tf.Abs]: named("abs"),
  [tf.Neg]: named("negate"),
  [tf.Sign]: named("sign"),
  [tf.Ceil]: floatFunction("ceil"),
  [tf.Floor]: floatFunction("floor"),
  [tf.Round]: floatFunction("round_nearest_even"),
  [tf.Exp]: floatFunction("exponential"),
  [tf.Expm1]: floatFunction("exponential_minus_one"),
  [tf.Log]: floatFunction("log"),
  [tf.Log1p]: floatFunction("log_plus_one"),
  [tf.Sqrt]: floatFunction("sqrt"),
  [tf.Rsqrt]: floatFunction("rsqrt"),
  [tf.Sin]: floatFunction("sine"),
  [tf.Cos]: floatFunction("cosine"),
  [tf.Tan]: floatFunction("tan"),
  [tf.Tanh]: floatFunction("tanh"),
  [tf.Sigmoid]: floatFunction("logistic"),
  [tf.Acos]: specialFunction("acos"),
  [tf.Acosh]: specialFunction("acosh"),
  [tf.Asin]: specialFunction("asin"),
  [tf.Asinh]: specialFunction("asinh"),
  [tf.Atan]: specialFunction("atan"),
  [tf.Atanh]: specialFunction("atanh"),
  [tf.Cosh]: specialFunction("cosh"),
  [tf.Sinh]: specialFunction("sinh"),
  [tf.Erf]: specialFunction("erf"),
  [tf.Square]: ofOne(square),
  [tf.Reciprocal]: ofFloat(reciprocal),
  [tf.Softplus]: ofFloat(softplus),
  [tf.Relu]: ofOne(relu),
  [tf.Relu6]: ofOne((x) => clip(x, 0, 6)),
  [tf.Elu]: ofOne((x) => select(compare("GT", x, like(0, x)), x, expm1(x))),
  [tf.EluGrad]: ({ dy, y }) =>
    select(compare("GE", y!, like(0, y!)), dy!, binary("multiply", dy!, binary("add", y!, like(1, y!)))),
  [tf.Selu]: ofFloat(selu),
  [tf.Prelu]: prelu,
  [tf.LeakyRelu]: ({ x }, { alpha }) =>
    select(compare("GT", x!, like(0, x!)), x!, binary("multiply", x!, like(alpha as number, x!))),
  [tf.FusedBatchNorm]: batchNorm,
  [tf.ClipByValue]: ({ x }, { clipValueMin, clipValueMax }) => clip(x!, clipValueMin as number, clipValueMax as number),
  [tf.Step]: ({ x }, { alpha }) =>
    select(isNaN(x!), x!, select(compare("GT", x!, like(0, x!)), like(1, x!), like(alpha as number, x!))),
};
