import { RandomKey } from "@opf/framework";
import { practiceSimilarity } from "@opf/framework/tasks";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { Draw } from "../../../tasks/practice/_draw.ts";
import { scene } from "../../../tasks/practice/_scene.ts";
import { similarity } from "../../../tasks/practice/similarity.ts";

Deno.test("similarity is the same both ways, highest for the same, less for what is denied or another thing", () => {
  const draw = new Draw(RandomKey.of(2));
  for (let at = 0; at < 200; at++) {
    const [one, other] = [scene(draw), scene(draw)];
    const value = similarity(one, other);
    assertAlmostEquals(value, similarity(other, one), 1e-12);
    assert(value >= 0 && value <= 5);
    assertAlmostEquals(similarity(one, one), 5, 1e-12);
    assertAlmostEquals(similarity(one, { ...one, negated: !one.negated }), 2.5, 1e-12);
    assertLess(similarity(one, { ...one, verb: one.verb.opposite! }), 5);
    if (one.subject.noun !== other.subject.noun) {
      assertLess(similarity(one, { ...one, subject: { ...one.subject, noun: other.subject.noun } }), 5);
    }
  }
});

Deno.test("scores are steps of 0.2 from 0 to 5, and noise keeps the ceiling below 1", async () => {
  const { train, dev, ceiling } = await practiceSimilarity.load({ sources: [] });
  for (const { label } of [...train, ...dev]) {
    assert(label! >= 0 && label! <= 5);
    assertAlmostEquals(5 * label!, Math.round(5 * label!), 1e-9);
  }
  for (const value of [ceiling!.spearman!, ceiling!.pearson!]) assert(value > 0.8 && value < 1, `${value}`);
  assertEquals(practiceSimilarity.primary, "spearman");
});
