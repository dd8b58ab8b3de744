import { computeMetrics } from "@opf/framework";
import { RandomKey } from "@opf/framework";
import { practiceEntailment } from "@opf/framework/tasks";
import { assert, assertEquals } from "@std/assert";
import { Draw } from "../../../tasks/practice/_draw.ts";
import { ADJECTIVES, HYPERNYMS } from "../../../tasks/practice/_lexicon.ts";
import { consequence, scene } from "../../../tasks/practice/_scene.ts";
import { entails } from "../../../tasks/practice/entailment.ts";

Deno.test("a scene entails itself and what follows from it, and nothing that says more or other", () => {
  const draw = new Draw(RandomKey.of(3));
  for (let at = 0; at < 300; at++) {
    const one = scene(draw);
    assert(entails(one, one));
    if (!one.negated) assert(entails(one, consequence(one, draw)));
    assert(!entails(one, { ...one, negated: !one.negated }));
    assert(!entails(one, { ...one, verb: one.verb.opposite! }));
    assert(!entails(one, { ...one, object: { ...one.object, many: !one.object.many } }));
    const animal = { ...one, subject: { ...one.subject, noun: HYPERNYMS[one.subject.noun.kind!]! } };
    assert(entails(one, animal) && !entails(animal, one));
    const bare = { ...one, object: { ...one.object, adjective: undefined } };
    const more = { ...one, object: { ...one.object, adjective: draw.of(ADJECTIVES) } };
    assert(entails(more, bare) && !entails(bare, more));
  }
});

Deno.test("both classes are there, and the ceiling is near what a flip in twenty leaves", async () => {
  const { train, dev, ceiling } = await practiceEntailment.load({ sources: [] });
  const share = train.filter(({ label }) => label === 0).length / train.length;
  assert(share > 0.4 && share < 0.6, `${share}`);
  assert(Math.abs(ceiling!.accuracy! - 0.95) < 4 * Math.sqrt(0.05 * 0.95 / dev.length));
  assertEquals(computeMetrics(practiceEntailment.metrics, { predictions: [0, 1], labels: [0, 0] }), { accuracy: 0.5 });
});
