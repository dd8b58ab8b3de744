/**
 * First values of a model's parameters, as an untrained model has them.
 *
 * @module
 */
import { type Architecture, type RandomKey, tf, untied } from "@opf/framework";
import { initialize } from "../core/model/initialize.ts";
import { storedTensors } from "../core/model/pretrained.ts";

interface InitialOptions {
  readonly key: RandomKey;
  /** Standard deviation. */
  readonly width: number;
}

/** A tensor for each parameter that is not tied to another, drawn from a key and the parameter's name. */
export const initialTensors = ({ parameters }: Pick<Architecture, "parameters">, { key, width }: InitialOptions) =>
  new Map(
    untied(parameters).map((parameter) => [
      parameter.name,
      initialize(parameter, { key: key.fold(parameter.name), width }),
    ]),
  );

/** The same values as a file of weights has them. */
export function initialValues(model: Pick<Architecture, "parameters">, options: InitialOptions) {
  const tensors = initialTensors(model, options);
  const values = storedTensors(tensors);
  tf.dispose([...tensors.values()]);
  return values;
}
