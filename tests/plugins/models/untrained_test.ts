import { RandomKey } from "@opf/framework";
import { bert, untrained } from "@opf/framework/plugins";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { readSafetensors } from "../../../core/io/safetensors.ts";
import { loadPretrained } from "../../../core/model/pretrained.ts";
import { CONFIG, writeTinyModel } from "../../_tiny.ts";
import { inFolder } from "../../_place.ts";

Deno.test("an untrained model reads nothing of the file, begins as its architecture says, and keeps what is its head", () =>
  inFolder(async (folder) => {
    await writeTinyModel(folder);
    const head = { kind: "classification", outputs: 2 } as const;
    const trained = bert({ source: folder }).architecture(CONFIG, head);
    const architecture = untrained(bert({ source: folder })).architecture(CONFIG, head);
    const load = async (key: number, own = architecture) => {
      const file = await readSafetensors(`${folder}/model.safetensors`);
      const tensors = loadPretrained(file, { architecture: own, key: RandomKey.of(key) });
      const values = new Map([...tensors].map(([name, tensor]) => [name, tensor.dataSync() as Float32Array]));
      tensors.forEach((tensor) => tensor.dispose());
      return values;
    };
    const [file, first, again, other] = [await load(1, trained), await load(1), await load(1), await load(2)];
    assertEquals([...first.keys()], [...file.keys()]);
    assertEquals(first, again);
    for (const { name, initial, ifMissing } of architecture.parameters) {
      const values = first.get(name)!;
      if (initial === "ones" || initial === "zeros") {
        assert(values.every((value) => value === (initial === "ones" ? 1 : 0)), name);
      } else {
        const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
        assert(deviation > 0.01 && deviation < 0.03, `${name}: ${deviation}`); // 0.02, of few numbers
        assertNotEquals(values, other.get(name)!);
        if (ifMissing === "optional") assertNotEquals(values, file.get(name)!, name);
      }
      assertEquals(ifMissing === "head", name.startsWith("classifier"), name);
    }
    assertEquals(architecture.parameters.filter(({ name }) => name.endsWith("LayerNorm.weight")).length, 5);
    assert(
      architecture.parameters.filter(({ name }) => name.includes("LayerNorm")).every(({ initial }) =>
        initial !== undefined && initial !== "normal"
      ),
    );
  }));
