import { type Decomposition, RandomKey, tf } from "@opf/framework";
import { bert, dense, dynamicTop, mpo, named, staticTop, taylor, zeroing } from "@opf/framework/plugins";
import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertGreater,
  assertLess,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { initialTensors } from "../../../_initial_tensors.ts";
import { CONFIG } from "../../../_tiny.ts";
import { run, task } from "../_fine_tune.ts";

Deno.test("fineTune() finds matched learning rates per module by trials that leave no trace", async () => {
  const settings = { maxSteps: 8, learningRate: 1e-3, factorLearningRate: 1e-3, warmupRatio: 0.25 };
  const matched = mpo({ tensors: 5 });
  const names = ["*.query.weight", "*.intermediate.dense.weight"];
  const method = (rate: Parameters<typeof dense>[0]["rate"], patterns = names) => ({
    method: { decomposition: dense({ rate }), policy: named(patterns) },
  });
  const trials = await run({ settings, change: method({ matched, share: 0.5 }) });
  const rates = new Map(trials.outcome.selected.map(({ name, facts }) => [name, facts.rate as number]));
  for (const rate of rates.values()) assertGreater(rate, 1.5); // five factors move further than one matrix
  const ofModule = (module: string) =>
    new Set([...rates].filter(([name]) => name.includes(module)).map(([, rate]) => rate));
  assertEquals([ofModule("query").size, ofModule("intermediate").size], [1, 1]);
  assertNotEquals(ofModule("query"), ofModule("intermediate"));
  // A run with the same rate from the start gives the same logits: the trials changed nothing.
  const single = await run({ settings, change: method({ matched, share: 0.5 }, [names[0]!]) });
  const rate = single.outcome.selected[0]!.facts.rate as number;
  const given = await run({ settings, change: method(rate, [names[0]!]) });
  assertEquals(single.outcome.logits, given.outcome.logits);
});

Deno.test("fineTune() matches the distance that factors move to within a fifth at the end of the run", async () => {
  const settings = {
    learningRate: 1e-3,
    factorLearningRate: 1e-3,
    epochs: 4,
    gradientAccumulationSteps: 2,
    batchSize: 8,
  };
  const matched = mpo({ tensors: 5 });
  const policy = named(["*.query.weight", "*.value.weight"]);
  const moved = async (decomposition: Decomposition) =>
    (await run({ settings, change: { method: { decomposition, policy } } })).moved;
  const ratio = await moved(dense({ rate: { matched } })) / await moved(matched);
  assertGreater(ratio, 0.8);
  assertLess(ratio, 1.25);
});

Deno.test("fineTune() factorizes in rounds while it trains, and each round preserves the logits", async () => {
  const dynamic = dynamicTop({ n: 2, every: { steps: 3 }, score: taylor() });
  const { outcome, events } = await run({
    change: { method: { decomposition: mpo({ tensors: 3 }), policy: dynamic } },
  });
  assertEquals(outcome.selected.map(({ step }) => step), [...Array(6).fill(3), ...Array(6).fill(6)]);
  assertEquals(events.filter((event) => event.type === "ranking").map(({ ranking }) => ranking.length), [12, 6]);
  assertLess(outcome.factorizeDifference, 1e-4);
  assertLess(outcome.mergeDifference, 1e-4);
});

Deno.test("fineTune() scores by the gradients of training since the last round", async () => {
  // At rates of 0 and without dropout, an epoch's mean gradient is that of a pass over the same examples.
  const rankings = async (gradients: "training" | "pass", gradientAccumulationSteps: number) => {
    const policy = dynamicTop({ n: 2, every: { epochs: 1 }, score: taylor({ gradients, accumulate: "signed" }) });
    const { events } = await run({
      settings: { learningRate: 0, factorLearningRate: 0, gradientAccumulationSteps, batchSize: 8 },
      config: { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
      change: { method: { decomposition: mpo({ tensors: 3 }), policy } },
    });
    return events.flatMap((event) => event.type === "ranking" ? [event.ranking] : []);
  };
  const expected = await rankings("pass", 1);
  for (const accumulated of [1, 2]) {
    const actual = await rankings("training", accumulated);
    assertEquals(actual.map((ranking) => ranking.map(([name]) => name).toSorted().length), [12, 6]);
    for (const [round, ranking] of actual.entries()) {
      for (const [name, value] of ranking) {
        const other = expected[round]!.find(([same]) => same === name)![1];
        assertAlmostEquals(value / other, 1, 1e-3, `round ${round}, ${name}`);
      }
    }
  }
});

Deno.test("fineTune() accumulates absolute gradients of training by default", async () => {
  const total = async (options: Parameters<typeof taylor>[0], batchSize: number) => {
    const policy = dynamicTop({ n: 1, every: { epochs: 1 }, score: taylor(options) });
    const { events } = await run({
      settings: { learningRate: 0, factorLearningRate: 0, batchSize, epochs: 2 },
      config: { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 },
      change: { method: { decomposition: mpo({ tensors: 3 }), policy } },
    });
    const [ranking] = events.flatMap((event) => event.type === "ranking" ? [event.ranking] : []);
    return ranking!.reduce((sum, [, value]) => sum + value, 0);
  };
  const pass = await total({ reduce: "sum-abs" }, 64);
  // One step per epoch: the absolute gradient of all examples. More steps: their absolute gradients do not cancel.
  assertAlmostEquals(await total({ gradients: "training" }, 64) / pass, 1, 1e-3);
  assertGreater(await total({ gradients: "training" }, 8), 1.05 * pass);
});

Deno.test("fineTune() refuses a score by gradients of training if its policy does not declare that need", async () => {
  const { needs: _, ...policy } = dynamicTop({ n: 1, every: { steps: 2 }, score: taylor({ gradients: "training" }) });
  const method = { decomposition: mpo({ tensors: 3 }), policy };
  const { message } = await assertRejects(() => run({ change: { method } }));
  assertStringIncludes(message, "its policy must declare the same needs");
});

Deno.test("fineTune() scores the fine-tuned model by equation 6", async () => {
  let calls = 0;
  const fineTuned = () => {
    calls++;
    // A model whose second layer's query is zero already: zeroing it changes nothing, so the first one's is chosen.
    const architecture = bert({ source: "tiny" }).architecture(CONFIG, task.head);
    const tensors = initialTensors(architecture, { key: RandomKey.of(6), width: 0.3 });
    const name = "bert.encoder.layer.1.attention.self.query.weight";
    tensors.get(name)!.dispose();
    return Promise.resolve(tensors.set(name, tf.zeros([16, 16])));
  };
  const method = { decomposition: mpo({ tensors: 3 }), policy: staticTop({ n: 1, score: zeroing() }) };
  const { outcome, events } = await run({
    settings: { maxSteps: 1, scoreExamples: 24 },
    change: { method, fineTuned },
  });
  assertEquals(calls, 1);
  assert(outcome.selected.some(({ name }) => name === "bert.encoder.layer.0.attention.self.query.weight"));
  const [ranking] = events.filter((event) => event.type === "ranking");
  assertEquals(ranking!.ranking.find(([name]) => name === "bert.encoder.layer.1.attention.self.query.weight")![1], 0);
  // A pass with each matrix zeroed, and one with none.
  const scored = events.flatMap((event) => event.type === "scoring" ? [event.examples] : []);
  assertEquals(scored, scored.toSorted((a, b) => a - b));
  assertEquals(scored.at(-1), (ranking!.ranking.length + 1) * 24);
});
