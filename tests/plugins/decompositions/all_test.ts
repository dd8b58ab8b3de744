import { mpo } from "@opf/framework/plugins";
import { suite } from "./_suite.ts";

suite("mpo({ tensors: 1 })", mpo({ tensors: 1 }));
suite("mpo({ tensors: 2 })", mpo({ tensors: 2 }));
suite("mpo({ tensors: 3, gauge: left })", mpo({ tensors: 3, gauge: "left" }));
suite("mpo()", mpo());
suite("mpo({ layout: balanced })", mpo({ tensors: 4, layout: "balanced" }));
suite("mpo({ bond: 2 })", mpo({ tensors: 3, bond: 2 }));
suite("mpo({ tolerance: 0.3 })", mpo({ tensors: 3, tolerance: 0.3 }));
