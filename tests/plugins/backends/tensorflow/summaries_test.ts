import { engine } from "@opf/framework";
import { assertEquals } from "@std/assert";
import { type Point, readPoints } from "../../../_event_files.ts";
import { inFolder } from "../../../_place.ts";

Deno.test("summaryWriter() writes event files that TensorBoard reads, with several writers at once", () =>
  inFolder((folder) => {
    const before = engine().memory().tensors;
    // Strings of more than 22 bytes are stored differently from short ones.
    const points: Record<string, Point[]> = {
      a: [{ tag: "loss", step: 1, value: 0.5 }, { tag: "loss", step: 2 ** 33, value: -0.25 }],
      b: [{ tag: "a name of more than twenty-two bytes, with ö", step: 3, value: 2 }],
    };
    const writers = Object.keys(points).map((name) =>
      [name, engine().summaryWriter!(`${folder}/new/${name}`)] as const
    );
    for (const [name, writer] of writers) {
      for (const { tag, ...point } of points[name]!) writer.scalar(tag, point);
    }
    for (const [, writer] of writers) writer.close();
    for (const name of Object.keys(points)) assertEquals(readPoints(`${folder}/new/${name}`), points[name]);
    assertEquals(engine().memory().tensors, before);
  }));
