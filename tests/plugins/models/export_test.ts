// Together: core/model/pretrained.ts and the models of plugins/models, against Transformers.
import { type Head, type LanguageModel, tf } from "@opf/framework";
import { bart, bert, mpnet, t5 } from "@opf/framework/plugins";
import { assertEquals, assertLessOrEqual } from "@std/assert";
import { writeSafetensors } from "../../../core/io/safetensors.ts";
import { unreadTensors } from "../../../core/model/pretrained.ts";
import { configText } from "../../../core/run/export_model.ts";
import { peerPython, runPeer } from "../../_peer_python.ts";
import { batchOf, examplesOf, loadModel, readJson } from "./_parity.ts";

const python = await peerPython();
const skipped = python ? "" : " (skipped: no Python with torch and transformers)";
interface Case {
  readonly model: LanguageModel;
  readonly fixture: string;
  readonly head: Head;
}

const HEAD: Head = { kind: "classification", outputs: 3 };
const ANSWERS: Head = { ...HEAD, answers: { maxLength: 8 } };
/** What Transformers would generate with, were it in the written config. */
const DECODING = { num_beams: 3, no_repeat_ngram_size: 1, min_length: 8, forced_bos_token_id: 7, max_length: 3 };
const CASES: Record<string, Case> = {
  "bert()": { model: bert({ source: "x", layers: 2 }), fixture: "bert/classification", head: HEAD },
  "mpnet()": { model: mpnet({ source: "x", layers: 2 }), fixture: "mpnet/classification", head: HEAD },
  "bart()": { model: bart({ source: "x", layers: 1 }), fixture: "bart/classification", head: HEAD },
  "t5()": { model: t5({ source: "x", layers: 2 }), fixture: "t5/original", head: ANSWERS },
  "t5() of version 1.1": { model: t5({ source: "x" }), fixture: "t5/v1_1", head: ANSWERS },
};

for (const [name, { model, fixture, head }] of Object.entries(CASES)) {
  Deno.test({
    name: `${name} exports a model that Transformers loads whole and that gives the same outputs${skipped}`,
    ignore: python === undefined,
    fn: async () => {
      const fixtures = new URL(`../../fixtures/${fixture}`, import.meta.url).pathname;
      const { architecture, weights } = await loadModel(model, { folder: fixtures, head });
      const target = await Deno.makeTempDir();
      try {
        const dense = weights.toDense();
        const { config } = model.architecture({ ...readJson(`${fixtures}/config.json`), ...DECODING }, head);
        await Deno.writeTextFile(`${target}/config.json`, configText(config));
        await writeSafetensors(`${target}/model.safetensors`, unreadTensors(dense));
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
          const plain = examples.map((example) => ({ ...example, tokenTypeIds: Array.from(example.ids, () => 0) }));
          const batch = batchOf(architecture, {
            examples: plain,
            length,
            padId: Number(architecture.config.pad_token_id),
          });
          return architecture.outputs(weights.structure.reader(weights.values), batch).arraySync() as number[][];
        });
        assertEquals(theirs.length, ours.length);
        // Generated texts end where they end; ours are padded with 0.
        ours.forEach((row, index) =>
          row.forEach((value, column) => assertLessOrEqual(Math.abs(value - (theirs[index]![column] ?? 0)), 1e-4))
        );
      } finally {
        weights.dispose();
        await Deno.remove(target, { recursive: true });
      }
    },
  });
}
