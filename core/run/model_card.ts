/**
 * The page that a model of the Hugging Face hub begins with: its metadata in YAML, then text.
 *
 * @module
 */
import { basename } from "node:path";
import type { Json } from "../json.ts";

/** What of a base model's card is true of models that are made from it. */
export interface BaseCard {
  /** The identifier of its license, `apache-2.0`. */
  readonly license?: string;
  readonly language?: string;
}

/** What a card says. */
export interface ModelCard {
  /** Name on the hub, or a folder. */
  readonly baseModel: string;
  /** The model's name in tables; it may be the same. */
  readonly title: string;
  readonly base: BaseCard;
  /** Names on the hub of the datasets, where they are known. */
  readonly datasets: readonly string[];
  readonly task: string;
  /** What it was loaded with, such as the words of a task in words. @default nothing */
  readonly taskOptions?: Json;
  /** What Transformers' pipelines call what the model does. */
  readonly pipeline: "text-classification" | "text2text-generation";
  readonly method: string;
  readonly decomposition?: { readonly name: string; readonly options: Json };
  readonly policy?: { readonly name: string; readonly options: Json };
  readonly seed: number;
  /** Elements of all parameters. */
  readonly parameters: number;
  /** As fractions; values that are not finite are left out. */
  readonly metrics: { readonly [name: string]: number };
  readonly training: { readonly [name: string]: Json };
}

/** Reads what counts of a base model's `README.md`. */
export function readBaseCard(text: string): BaseCard {
  const metadata = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? "";
  const value = (key: string) => new RegExp(`^${key}:[ \t]*["']?([\\w.-]+)["']?[ \t]*\r?$`, "m").exec(metadata)?.[1];
  const [license, language] = [value("license"), value("language")];
  return { ...(license !== undefined && { license }), ...(language !== undefined && { language }) };
}

const NAME_ON_HUB = /^[\w][\w.-]*\/[\w][\w.-]*$/;

/** A card as the text of `README.md`. */
export function modelCard(card: ModelCard): string {
  const { baseModel, base, datasets, task, method, metrics } = card;
  const isOnHub = NAME_ON_HUB.test(baseModel);
  const name = card.title === baseModel && !isOnHub ? basename(baseModel) : card.title;
  const values = Object.entries(metrics).filter(([, value]) => Number.isFinite(value));
  const metadata = [
    ...(isOnHub ? [`base_model: ${yaml(baseModel)}`] : []),
    ...(datasets.length > 0 ? ["datasets:", ...datasets.map((dataset) => `- ${yaml(dataset)}`)] : []),
    ...(base.language ? [`language: ${yaml(base.language)}`] : []),
    ...(base.license ? [`license: ${yaml(base.license)}`] : []),
    "library_name: transformers",
    `pipeline_tag: ${card.pipeline}`,
    ...(values.length > 0 ? ["metrics:", ...values.map(([metric]) => `- ${yaml(metric)}`)] : []),
    "tags:",
    "- over-parameterized-fine-tuning",
    ...modelIndex(`${name}, ${task}`, { ...card, values }),
  ];
  return [
    "---",
    ...metadata,
    "---",
    "",
    `# ${plain(name)}, fine-tuned on ${plain(task)}`,
    "",
    `${code(name)} fine-tuned on ${code(task)} by ${code(method)} with the seed ${card.seed}. ${
      card.decomposition ? "The factors that training used are merged into dense matrices: it" : "It"
    } has`,
    `${card.parameters} parameters in float32, as the base model has with a head for this task.`,
    "",
    ...(values.length > 0
      ? [
        "| metric | dev set |",
        "| --- | --- |",
        ...values.map(([metric, value]) => `| ${plain(metric)} | ${value.toFixed(4)} |`),
        "",
      ]
      : []),
    `- Base model: ${code(isOnHub ? baseModel : basename(baseModel))}; license: ${
      base.license ? plain(base.license) : "not stated in its repository"
    }`,
    ...(card.taskOptions ? [`- Task: ${part({ name: task, options: card.taskOptions })}`] : []),
    ...(card.decomposition ? [`- Decomposition: ${part(card.decomposition)}`] : []),
    ...(card.policy ? [`- Selection policy: ${part(card.policy)}`] : []),
    `- Training: ${code(JSON.stringify(card.training))}`,
    "",
  ].join("\n");
}

function modelIndex(
  name: string,
  { task, pipeline, values }: Pick<ModelCard, "task" | "pipeline"> & {
    readonly values: readonly (readonly [string, number])[];
  },
): string[] {
  if (values.length === 0) return [];
  return [
    "model-index:",
    `- name: ${yaml(name)}`,
    "  results:",
    "  - task:",
    `      type: ${pipeline}`,
    "    dataset:",
    `      name: ${yaml(task)}`,
    `      type: ${yaml(task)}`,
    "      split: validation",
    "    metrics:",
    ...values.flatMap(([metric, value]) => [`    - type: ${yaml(metric)}`, `      value: ${value}`]),
  ];
}

const part = ({ name, options }: { readonly name: string; readonly options: Json }) =>
  `${code(name)} ${code(JSON.stringify(options))}`;

// Every JSON string is one of YAML.
const yaml = (text: string) => JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, " ");
const oneLine = (text: string) => text.replace(/[\p{Cc}\u2028\u2029]/gu, " ");
const code = (text: string) => `\`${oneLine(text).replaceAll("`", "'")}\``;
const plain = (text: string) => oneLine(text).replace(/[\\`*_[\]<>|&#]/g, (character) => `\\${character}`);
