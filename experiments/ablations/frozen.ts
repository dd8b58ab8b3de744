/**
 * Do the factors have to be trained?
 *
 * @module
 */
import { defineExperiment } from "@opf/framework";
import { frozen, mpo } from "@opf/framework/plugins";
import { controls, some } from "./_controls.ts";

export default defineExperiment({
  name: "ablations/frozen",
  description:
    "The same matrices as operators that are trained; frozen as they are; and as the code released with the paper " +
    "does it: operators that its optimizer never sees, whose gradients count in the clip.",
  ...controls,
  methods: (parameters) => {
    const { tensors } = parameters as { tensors: number };
    const own = some(parameters, ["fine-tuning", "frozen", "OPF-MPO static"]);
    const asReleased = frozen({ of: mpo({ tensors }), asReleased: true });
    return { ...own, "frozen, as released": { ...own["OPF-MPO static"]!, decomposition: asReleased } };
  },
});
