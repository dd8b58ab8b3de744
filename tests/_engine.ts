import { useEngine } from "@opf/framework";
import { tensorflow } from "@opf/framework/plugins";
useEngine(await tensorflow.start());
