import { type Decomposition, type ImportanceScore, type SelectionPolicy, tf } from "@opf/framework";
import { mpo } from "@opf/framework/plugins";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { checkModule } from "../../../core/check/module.ts";

/** A decomposition that breaks one promise. */
function broken(change: (plan: ReturnType<Decomposition["plan"]>) => object): Decomposition {
  const inner = mpo({ tensors: 3 });
  return {
    name: "broken",
    options: {},
    plan: (shape) => {
      const plan = inner.plan(shape);
      return { ...plan, ...change(plan) };
    },
  };
}

async function problems(value: unknown): Promise<string> {
  const { results } = await checkModule({ value });
  return results.filter(({ problem }) => problem).map(({ check, problem }) => `${check}: ${problem}`).join("\n");
}

Deno.test("checkModule() reports a reconstruction that is off by one percent", async () => {
  const found = await problems(
    broken((plan) => ({ reconstruct: (factors: tf.Tensor[]) => tf.mul(plan.reconstruct(factors), 1.01) })),
  );
  assertStringIncludes(found, "error as stated (square 12×12): expected a relative error of at most 0.00001, got 0.0");
  assert(!found.includes("gradient as by central differences"), found);
});

Deno.test("checkModule() reports a factor without a gradient", async () => {
  const constant = (tensor: tf.Tensor) => tf.tensor(tensor.dataSync(), tensor.shape);
  const found = await problems(
    broken((plan) => ({
      reconstruct: ([first, ...rest]: tf.Tensor[]) => plan.reconstruct([constant(first!), ...rest]),
    })),
  );
  assertStringIncludes(
    found,
    "gradient as by central differences (square 12×12): factor 0 has no gradient and is not marked as frozen",
  );
});

Deno.test("checkModule() reports a wrong gradient", async () => {
  const skewed = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([]);
    return { value: tf.clone(x as tf.Tensor), gradFunc: (gradient: tf.Tensor) => tf.mul(gradient, 1.1) };
  });
  const found = await problems(
    broken((plan) => ({ reconstruct: (factors: tf.Tensor[]) => skewed(plan.reconstruct(factors)) })),
  );
  assertStringIncludes(found, "by the gradient, got");
});

Deno.test("checkModule() reports state between calls", async () => {
  let calls = 0;
  const found = await problems(broken((plan) => ({
    factorize: (matrix: tf.Tensor2D, context: never) => {
      calls++;
      const [first, middle, last] = plan.factorize(matrix, context) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return [tf.mul(first, 1 + calls / 8), middle, tf.div(last, 1 + calls / 8)];
    },
  })));
  assertStringIncludes(found, "a second call gave other factors");
  assert(!found.includes("error as stated"), found);
});

Deno.test("checkModule() reports a factor without elements", async () => {
  const halves: Decomposition = {
    name: "halves",
    options: {},
    plan: ([rows, columns]) => {
      const half = Math.floor(rows / 2);
      return {
        shape: [rows, columns],
        factorShapes: [[half, columns], [rows - half, columns]],
        factorize: (matrix) => tf.split(matrix, [half, rows - half]),
        reconstruct: (factors) => tf.concat([...factors]) as tf.Tensor2D,
      };
    },
  };
  const found = await problems(halves);
  assertStringIncludes(found, "gradient as by central differences (1×7): factor 0 of shape [0, 7] is empty");
  assert(!found.includes("got NaN") && !found.includes("got 0"), found);
});

Deno.test("checkModule() reports leaks, shapes other than planned, and options that are not JSON", async () => {
  const leaky = broken((plan) => ({
    factorize: (matrix: tf.Tensor2D, context: never) => {
      tf.keep(tf.zeros([1]));
      return plan.factorize(matrix, context);
    },
  }));
  assertStringIncludes(await problems(leaky), "leaves no tensor behind: 3 tensors remained after three rounds");
  const shapes = broken((plan) => ({ factorShapes: plan.factorShapes.map((shape) => [...shape].reverse()) }));
  assertStringIncludes(await problems(shapes), "expected factors");
  const words = { ...broken(() => ({})), options: { n: 1, how: () => 1 } as never };
  assertStringIncludes(await problems(words), "options are plain JSON: options.how is");
});

Deno.test("checkModule() reports broken policies and scores", async () => {
  const policy = (names: () => string[]): SelectionPolicy => ({
    name: "p",
    options: {},
    select: () => Promise.resolve(names()),
  });
  let calls = 0;
  const names = ["toy.layer.0.inner.weight", "toy.layer.1.inner.weight"];
  assertStringIncludes(
    await problems(policy(() => ["nothing"])),
    'it selected "nothing", which is not a matrix of the model',
  );
  assertStringIncludes(await problems(policy(() => [names[calls++ % 2]!])), "a second run gave another choice");
  assertStringIncludes(await problems(policy(() => [names[0]!, names[0]!])), "it selected a matrix twice");
  assertStringIncludes(
    await problems({ ...policy(() => names), rounds: () => [500] }),
    "got round 0 before step 500",
  );
  const score: ImportanceScore = {
    name: "s",
    options: {},
    score: ({ matrices }) => Promise.resolve(new Map(matrices.slice(1).map(({ name }) => [name, calls++]))),
  };
  const found = await problems(score);
  assertStringIncludes(found, "expected a finite number, got undefined");
  assertStringIncludes(found, "a second call gave other scores");
});

Deno.test("checkModule() lists the exports that it could not check", async () => {
  const { results, skipped } = await checkModule({
    needs: (options: { n: number }) => mpo({ tensors: options.n }),
    number: 3,
  });
  assertEquals(results, []);
  assertEquals(skipped.map((one) => one.export), ["needs"]);
});
