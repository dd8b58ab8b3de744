/**
 * Which matrices were selected, layers against modules.
 *
 * @module
 */
import type { RunResult } from "../../results/experiment_results.ts";
import type { MatrixPlace } from "../../results/result.ts";
import { counted } from "../numbers.ts";
import { visibleText } from "../visible_text.ts";
import { FILL } from "./appearance.ts";
import { type Group, methodsOf, titleOf } from "./group.ts";
import type { Chart } from "./svg.ts";

interface Cell {
  /** With its stack if the model has several. */
  readonly module: string;
  readonly layer: number;
  /** Number of seeds that selected it. */
  readonly seeds: number;
  readonly share: number;
  /** The rounds in which they did: `1`, `1–3`; empty if none did. */
  readonly rounds: string;
}

/**
 * A map of cells for each method that selected matrices: filled by seeds, with the rounds written in. `undefined` if no
 * method did, or if the results are too old to say where matrices are.
 */
export function matricesChart(group: Group): Chart | undefined {
  const places = group.runs.find(({ result }) => result.matrices)?.result.matrices ?? [];
  const methods = methodsOf(group).filter((method) =>
    group.runs.some(({ base, result }) => base === method && result.selected.length > 0)
  );
  if (methods.length === 0 || places.length === 0) return undefined;
  const modules = [...new Set(places.map(moduleOf))];
  const maps = methods.map((method) => {
    const runs = group.runs.filter(({ base }) => base === method);
    return { method, runs, cells: cellsOf(runs, places) };
  });
  const width = Math.max(110, 30 * new Set(places.map(({ layer }) => layer)).size);
  const perRow = Math.max(1, Math.floor(760 / width));
  const rows = Array.from(
    { length: Math.ceil(maps.length / perRow) },
    (_, row) => maps.slice(row * perRow, (row + 1) * perRow),
  );
  return {
    name: `matrices-${group.name}`,
    section: "Selected matrices",
    caption: `Selected matrices, ${titleOf(group)}: the fuller a cell, the more seeds selected it; the number is the ` +
      "round of selection in which they did",
    alt: `Heat maps of layers against modules for ${titleOf(group)}. ${maps.map(describe).join(" ")}`,
    spec: {
      vconcat: rows.map((row) => ({
        hconcat: row.map((map, index) => panel(map, { modules, width, labeled: index === 0 })),
      })),
    },
  };
}

const moduleOf = ({ module, stack }: MatrixPlace): string => stack ? `${stack} ${module}` : module;

interface MethodMap {
  readonly method: string;
  readonly runs: readonly RunResult[];
  readonly cells: readonly Cell[];
}

function panel(
  { method, runs, cells }: MethodMap,
  { modules, width, labeled }: {
    readonly modules: readonly string[];
    readonly width: number;
    readonly labeled: boolean;
  },
) {
  return {
    title: { text: visibleText(method), subtitle: `${counted(runs.length, "seed")}` },
    width,
    height: 26 * modules.length,
    data: { values: cells },
    encoding: {
      x: { field: "layer", type: "ordinal", title: "layer", axis: { labelAngle: 0 } },
      y: {
        field: "module",
        type: "nominal",
        sort: modules,
        title: null,
        ...labeled ? {} : { axis: { labels: false, ticks: false } },
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
  };
}

function cellsOf(runs: readonly RunResult[], places: readonly MatrixPlace[]): Cell[] {
  const selected = runs.flatMap(({ result: { selected } }) => {
    const steps = [...new Set(selected.map(({ step }) => step))].toSorted((a, b) => a - b);
    return selected.map(({ name, step }) => ({ name, round: steps.indexOf(step) + 1 }));
  });
  const byName = Map.groupBy(selected, ({ name }) => name);
  return places.map((place) => {
    const rounds = (byName.get(place.name) ?? []).map(({ round }) => round);
    const [first, last] = [Math.min(...rounds), Math.max(...rounds)];
    return {
      module: moduleOf(place),
      layer: place.layer,
      seeds: rounds.length,
      share: rounds.length / runs.length,
      rounds: rounds.length === 0 ? "" : first === last ? String(first) : `${first}–${last}`,
    };
  });
}

function describe({ method, runs, cells }: MethodMap): string {
  const selected = cells.filter(({ seeds }) => seeds > 0);
  const always = selected.filter(({ seeds }) => seeds === runs.length);
  const listed = always.slice(0, 6).map(({ module, layer }) => `${module} of layer ${layer}`).join(", ");
  const more = always.length > 6 ? ` and ${always.length - 6} more` : "";
  return `${method}: ${selected.length} of ${cells.length} matrices selected by some seed, ${always.length} by all` +
    (listed ? ` (${listed}${more}).` : ".");
}
