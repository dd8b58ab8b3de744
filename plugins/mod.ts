export { tensorflow } from "./backends/tensorflow/tensorflow.ts";
export { bert, type BertOptions } from "./models/bert.ts";
export { type Modes, mpo, type MpoOptions } from "./decompositions/mpo.ts";
