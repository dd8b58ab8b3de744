import { type LanguageModel, tf } from "@opf/framework";
import { bart, bert, mpnet } from "@opf/framework/plugins";
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { writeSafetensors } from "../../../core/io/safetensors.ts";
import { storedTensors } from "../../../core/model/pretrained.ts";
import { peerPython, runPeer } from "../../_peer_python.ts";
import { batchOf, CASES, examplesOf, loadModel, readJson } from "./_parity.ts";

const python = await peerPython();
const skipped = python ? "" : " (skipped: no Python with torch and transformers)";
const { folder, head } = CASES[0]!;

const MODELS: Record<string, LanguageModel> = {
  bert: bert({ source: "x", layers: 2 }),
  mpnet: mpnet({ source: "x", layers: 2 }),
  bart: bart({ source: "x", layers: 1 }),
};

for (const [name, model] of Object.entries(MODELS)) {
  Deno.test({
    name: `${name}() exports a model that Transformers loads whole and that gives the same logits${skipped}`,
    ignore: python === undefined,
    fn: async () => {
      const fixtures = new URL(`../../fixtures/${name}/${folder}`, import.meta.url).pathname;
      const { architecture, weights } = await loadModel(model, { folder: fixtures, head });
      const target = await Deno.makeTempDir();
      try {
        const dense = weights.toDense();
        await Deno.writeTextFile(`${target}/config.json`, JSON.stringify(architecture.config));
        await writeSafetensors(`${target}/model.safetensors`, storedTensors(dense));
        tf.dispose([...dense.values()]);
        const examples = examplesOf(readJson(`${fixtures}/batch.json`));
        const theirs = await runPeer(python!, {
          script: "exported_outputs.py",
          args: [target, String((architecture.config.architectures as string[])[0])],
          input: examples.map(({ ids }) => ids),
        }) as number[][];
        const length = Math.max(...examples.map(({ ids }) => ids.length));
        const ours = tf.tidy(() => {
          // Segments are left out there: all tokens are of the first text.
          const plain = examples.map((example) => ({ ...example, tokenTypeIds: example.ids.map(() => 0) }));
          const batch = batchOf(architecture, {
            examples: plain,
            length,
            padId: Number(architecture.config.pad_token_id),
          });
          return architecture.outputs(weights.structure.reader(weights.values), batch).arraySync() as number[][];
        });
        assertEquals(theirs.length, ours.length);
        ours.flat().forEach((logit, index) => assertLessOrEqual(Math.abs(logit - theirs.flat()[index]!), 1e-4));
      } finally {
        weights.dispose();
        await Deno.remove(target, { recursive: true });
      }
    },
  });
}
