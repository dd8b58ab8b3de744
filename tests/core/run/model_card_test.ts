import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { configText } from "../../../core/run/export_model.ts";
import { type ModelCard, modelCard, readBaseCard } from "../../../core/run/model_card.ts";

const CARD: ModelCard = {
  baseModel: "some/model",
  title: "some/model",
  base: {},
  datasets: ["some/data"],
  task: "rte",
  pipeline: "text-classification",
  method: "OPF-MPO static",
  decomposition: { name: "mpo", options: { tensors: 3 } },
  seed: 1,
  parameters: 1234,
  metrics: { accuracy: 0.75, matthews: NaN },
  training: { learningRate: 1e-3 },
};

/** The lines of a card's metadata. */
const metadataOf = (text: string) => text.split("---\n")[1]!.split("\n");

Deno.test("modelCard() names base model, dataset, metrics and method, and a license only where the base names one", () => {
  const text = modelCard(CARD);
  const lines = metadataOf(text);
  assert(text.startsWith("---\n"));
  for (const line of ['base_model: "some/model"', '- "some/data"', '    - type: "accuracy"', "      value: 0.75"]) {
    assert(lines.includes(line), line);
  }
  assert(!text.includes("matthews"), "a metric that is not defined");
  assert(!lines.some((line) => line.startsWith("license")));
  assertStringIncludes(text, "license: not stated");
  const licensed = modelCard({ ...CARD, base: { license: "mit" } });
  assert(metadataOf(licensed).includes('license: "mit"'));
  assertStringIncludes(licensed, "license: mit");
});

Deno.test("modelCard() speaks of factors only where training used some", () => {
  const { decomposition: _, ...plain } = CARD;
  assertStringIncludes(modelCard(CARD), "The factors that training used are merged");
  assert(!modelCard({ ...plain, method: "fine-tuning" }).includes("factors that training"));
  for (const card of [CARD, plain]) assertStringIncludes(modelCard(card), "\n1234 parameters in float32");
});

Deno.test("modelCard() has the pipeline of the model in both places where the hub looks for it", () => {
  for (const pipeline of ["text-classification", "text2text-generation"] as const) {
    const lines = metadataOf(modelCard({ ...CARD, pipeline })).map((line) => line.trim());
    assert(lines.includes(`pipeline_tag: ${pipeline}`));
    assert(lines.includes(`type: ${pipeline}`));
  }
});

Deno.test("modelCard() says how a task was put, where it has options", () => {
  const taskOptions = { words: { template: "rte sentence1: {0} sentence2: {1}", labels: ["yes", "no"] } };
  assertStringIncludes(
    modelCard({ ...CARD, taskOptions }),
    '- Task: `rte` `{"words":{"template":"rte sentence1: {0} sentence2: {1}","labels":["yes","no"]}}`\n',
  );
  assert(!modelCard(CARD).includes("- Task:"));
});

Deno.test("modelCard() says nothing of the machine where a base model lay in a folder", () => {
  const text = modelCard({ ...CARD, baseModel: "/home/someone/models/tiny", title: "/home/someone/models/tiny" });
  assert(!text.includes("/home"));
  assert(!text.includes("base_model"));
  assertStringIncludes(text, "`tiny` fine-tuned on `rte`");
  const titled = modelCard({ ...CARD, baseModel: "/home/someone/models/tiny", title: "tiny, untrained" });
  assertStringIncludes(titled, "`tiny, untrained` fine-tuned on `rte`");
  assert(!titled.includes("/home"));
});

Deno.test("modelCard() keeps names that would break its metadata or its text in their place", () => {
  const odd = 'a"\n---\nlicense: evil # <img src=x> `code` [x](javascript:1)\u2028';
  const text = modelCard({ ...CARD, task: odd, method: odd, metrics: { [odd]: 1 } });
  const lines = metadataOf(text);
  assert(!lines.some((line) => line.startsWith("license")));
  assertEquals(text.split("---\n").length, 3);
  const body = text.split("---\n")[2]!.replace(/`[^`]*`/g, "");
  assert(!/(^|[^\\])<img/.test(body), "HTML outside code");
  assert(!/(^|[^\\])\[x/.test(body), "a link outside code");
});

Deno.test("readBaseCard() reads a license and a language, and nothing of a text that has none", () => {
  assertEquals(readBaseCard("---\nlanguage: en\nlicense: apache-2.0\n---\n# x\nlicense: mit\n"), {
    license: "apache-2.0",
    language: "en",
  });
  assertEquals(readBaseCard('---\r\nlicense: "mit"\r\n---\r\n'), { license: "mit" });
  assertEquals(readBaseCard("---\nlanguage:\n- en\n- de\n---\n"), {});
  assertEquals(readBaseCard("# A model\nlicense: mit\n"), {});
});

Deno.test("configText() writes the keys that Transformers takes as floats as floats", () => {
  const config = { initializer_factor: 1, layer_norm_eps: 1e-12, hidden_size: 1, init_std: 0, decoder_layerdrop: 0 };
  const text = configText(config);
  assertEquals(JSON.parse(text), config);
  for (
    const part of ['"initializer_factor": 1.0,', '"hidden_size": 1,', '"init_std": 0.0,', '"decoder_layerdrop": 0.0\n']
  ) {
    assertStringIncludes(text, part);
  }
});
