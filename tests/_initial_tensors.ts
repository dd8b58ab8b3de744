/**
 * First values of a model's parameters, as an untrained model has them.
 *
 * @module
 */
import { type Architecture, type RandomKey, tf, untied } from "@opf/framework";
import { initialize } from "../core/model/initialize.ts";

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
  const values = new Map(
    [...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, values: tensor.dataSync() as Float32Array }]),
  );
  tf.dispose([...tensors.values()]);
  return values;
}
