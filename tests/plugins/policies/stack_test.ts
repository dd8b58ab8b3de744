// Together: the policies of plugins/policies and the encoder-decoder models of plugins/models.
import { type ImportanceScore, type MatrixInfo, RequestError, type SelectionPolicy } from "@opf/framework";
import { bart, bert, dynamicTop, random, staticTop, t5 } from "@opf/framework/plugins";
import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { CONFIG } from "../../_tiny.ts";
import { selectAll } from "./_select_all.ts";

const LAYERS = 3;
const classification = { kind: "classification", outputs: 2 } as const;
const MODELS: Readonly<Record<string, readonly MatrixInfo[]>> = {
  t5: t5({ source: "a folder" }).architecture(
    { model_type: "t5", vocab_size: 9, d_model: 8, num_layers: LAYERS, decoder_start_token_id: 0 },
    { ...classification, answers: { maxLength: 4 } },
  ).matrices,
  bart: bart({ source: "a folder", layers: LAYERS }).architecture(
    { model_type: "bart", vocab_size: 9, d_model: 8, encoder_attention_heads: 2, decoder_attention_heads: 2 },
    classification,
  ).matrices,
};
const ofBert = bert({ source: "a folder" }).architecture(CONFIG, classification).matrices;

// Later layers first; of one layer, the decoder before the encoder.
const score: ImportanceScore = {
  name: "late",
  options: {},
  score: ({ matrices }) =>
    Promise.resolve(new Map(matrices.map(({ name, layer, stack }) => [name, layer + (stack === "decoder" ? 0.5 : 0)]))),
};

const makers: readonly ((options: { n: number; stack: "encoder" | "decoder" }) => SelectionPolicy)[] = [
  (options) => staticTop({ ...options, score }),
  (options) => dynamicTop({ ...options, score }),
  random,
];

const isCross = ({ module }: MatrixInfo) => /encoder_attn|EncDecAttention/.test(module);

for (const [model, matrices] of Object.entries(MODELS)) {
  Deno.test(`policies select in one stack of a ${model}, and score nothing else`, async () => {
    for (const stack of ["encoder", "decoder"] as const) {
      const modules = stack === "encoder" ? 6 : 10;
      for (const policy of makers.map((make) => make({ n: 2, stack }))) {
        const { selected, scored } = await selectAll(policy, matrices);
        assertEquals(selected.length, 2 * modules, `${policy.name}, ${stack}`);
        assert(selected.every((matrix) => matrix.stack === stack), `${policy.name}, ${stack}`);
        assertEquals(selected.filter(isCross).length, stack === "decoder" ? 2 * 4 : 0, `${policy.name}, ${stack}`);
        assertEquals(policy.estimate!(matrices).length, selected.length, `${policy.name}, ${stack}`);
        assert(matrices.every(({ name, stack: of }) => !scored.has(name) || of === stack), `${policy.name}, ${stack}`);
        assertEquals((policy.options as { stack: string }).stack, stack);
      }
    }
  });

  Deno.test(`modules of both stacks of a ${model} are apart, kinds and the whole model together`, async () => {
    const places = async (by: "module" | "kind" | "model", n: number) => {
      const { selected } = await selectAll(staticTop({ n, by, score }), matrices);
      return Object.fromEntries(
        ["encoder", "decoder"].map((of) => [of, selected.filter(({ stack }) => stack === of).length]),
      );
    };
    assertEquals(await places("module", 1), { encoder: 6, decoder: 10 });
    // A decoder layer has 8 attention and 2 FFN matrices, and each scores above the encoder's of the same layer.
    assertEquals(await places("kind", 8), { encoder: 4, decoder: 12 });
    assertEquals(await places("model", 12), { encoder: 2, decoder: 10 });
  });
}

Deno.test("a stack that a model does not have, and one that does not exist, are refused", async () => {
  for (const make of makers) {
    const policy = make({ n: 1, stack: "decoder" });
    const { message } = await assertRejects(() => selectAll(policy, ofBert), RequestError);
    assertStringIncludes(message, "expected an encoder-decoder model");
    assertStringIncludes(
      assertThrows(() => make({ n: 1, stack: "decode" as never }), RequestError).message,
      '"decoder"',
    );
  }
});
