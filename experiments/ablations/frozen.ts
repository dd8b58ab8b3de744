/**
 * Do the factors have to be trained?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { frozen, mpo } from "@opf/framework/plugins";
import { controls, pickMethods } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/frozen",
  description:
    "The same matrices as trained MPOs; dense and frozen; and as in the code released with the paper: MPOs that the " +
    "optimizer never sees, whose gradients still count in the norm for clipping.",
  ...controls,
  methods: (parameters) => {
    const { tensors } = parameters as { tensors: number };
    const methods = pickMethods(parameters, ["fine-tuning", "frozen", "OPF-MPO static"]);
    const asReleased = frozen({ of: mpo({ tensors }), asReleased: true });
    return { ...methods, "frozen, as released": { ...methods["OPF-MPO static"]!, decomposition: asReleased } };
  },
});
