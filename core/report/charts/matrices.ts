/**
 * Which matrices were chosen by whom, layers against modules.
 *
 * @module
 */
import type { RunResult } from "../../results/experiment_results.ts";
import { type MatrixPlace, matrixPlaces } from "../matrix_place.ts";
import { counted } from "../numbers.ts";
import type { RunHistory } from "../../results/run_history.ts";
import { FILL } from "./appearance.ts";
import { type Group, methodsOf, titleOf } from "./group.ts";
import type { Chart } from "./svg.ts";

interface Cell extends MatrixPlace {
  /** Seeds that chose it. */
  readonly seeds: number;
  readonly share: number;
  /** The rounds in which they did: `1`, `1–3`; empty where none did. */
  readonly rounds: string;
}

/** A map of cells for each method that chose matrices: filled by seeds, with the rounds written in; nothing without. */
export function matricesChart(group: Group, stories: ReadonlyMap<string, RunHistory>): Chart | undefined {
  const methods = methodsOf(group).filter((method) =>
    group.runs.some(({ base, result }) => base === method && result.selected.length > 0)
  );
  if (methods.length === 0) return undefined;
  const places = matrixPlaces(namesOf(group.runs, stories));
  const modules = [...new Set([...places.values()].map(({ module }) => module))];
  const maps = methods.map((method) => {
    const runs = group.runs.filter(({ base }) => base === method);
    return { method, runs, cells: cellsOf(runs, places) };
  });
  const layers = new Set([...places.values()].map(({ layer }) => layer)).size;
  const panel = ({ method, runs, cells }: typeof maps[number], first: boolean) => ({
    title: { text: method, subtitle: `${counted(runs.length, "seed")}` },
    width: Math.max(110, 30 * layers),
    height: 26 * modules.length,
    data: { values: cells },
    encoding: {
      x: { field: "layer", type: "ordinal", title: "layer", axis: { labelAngle: 0 } },
      y: {
        field: "module",
        type: "nominal",
        sort: modules,
        title: null,
        ...first ? {} : { axis: { labels: false, ticks: false } },
      },
    },
    layer: [
      {
        mark: { type: "rect", fill: FILL, stroke: "var(--grid, #d8d8d8)" },
        encoding: {
          fillOpacity: {
            field: "share",
            type: "quantitative",
            scale: { domain: [0, 1], range: [0, 0.55] },
            legend: null,
          },
        },
      },
      { mark: { type: "text" }, encoding: { text: { field: "rounds", type: "nominal" } } },
    ],
  });
  const across = Math.max(1, Math.floor(760 / Math.max(110, 30 * layers)));
  const rows = Array.from(
    { length: Math.ceil(maps.length / across) },
    (_, row) => maps.slice(row * across, (row + 1) * across),
  );
  return {
    name: `matrices-${group.name}`,
    section: "Matrices chosen",
    caption:
      `Matrices chosen, ${titleOf(group)}: the fuller a cell, the more seeds chose it; the number is the round of ` +
      "selection in which they did",
    alt: `Heat maps of layers against modules for ${titleOf(group)}. ${maps.map(describe).join(" ")}`,
    spec: { vconcat: rows.map((row) => ({ hconcat: row.map((map, at) => panel(map, at === 0)) })) },
  };
}

// All that a score was asked of, or was chosen.
const namesOf = (runs: readonly RunResult[], stories: ReadonlyMap<string, RunHistory>): Set<string> =>
  new Set(runs.flatMap(({ id, result }) => [
    ...(stories.get(id)?.rankings ?? []).flatMap(({ ranking }) => ranking.map(([name]) => name)).toSorted(),
    ...result.selected.map(({ name }) => name),
  ]));

function cellsOf(runs: readonly RunResult[], places: ReadonlyMap<string, MatrixPlace>): Cell[] {
  const chosen = runs.flatMap(({ result: { selected } }) => {
    const steps = [...new Set(selected.map(({ step }) => step))].toSorted((a, b) => a - b);
    return selected.map(({ name, step }) => ({ name, round: steps.indexOf(step) + 1 }));
  });
  const byName = Map.groupBy(chosen, ({ name }) => name);
  return [...places].map(([name, place]) => {
    const rounds = (byName.get(name) ?? []).map(({ round }) => round);
    const [first, last] = [Math.min(...rounds), Math.max(...rounds)];
    return {
      ...place,
      seeds: rounds.length,
      share: rounds.length / runs.length,
      rounds: rounds.length === 0 ? "" : first === last ? String(first) : `${first}–${last}`,
    };
  });
}

function describe({ method, runs, cells }: { method: string; runs: readonly RunResult[]; cells: readonly Cell[] }) {
  const chosen = cells.filter(({ seeds }) => seeds > 0);
  const always = chosen.filter(({ seeds }) => seeds === runs.length);
  const listed = always.slice(0, 6).map(({ module, layer }) => `${module} of layer ${layer}`).join(", ");
  const more = always.length > 6 ? ` and ${always.length - 6} more` : "";
  return `${method}: ${chosen.length} of ${cells.length} matrices chosen by some seed, ${always.length} by all` +
    (listed ? ` (${listed}${more}).` : ".");
}
