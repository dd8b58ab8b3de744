/**
 * What functions that are split over devices compute together; on one device, all of it is there already.
 *
 * @module
 */
import { engine } from "./engine.ts";
import type * as tf from "./tf.ts";

/** Number of devices that share each batch. */
export const deviceCount = (): number => engine().deviceGroup?.size ?? 1;

/** The sum of the devices' tensors, on each of them; it has no gradient. */
export const sumOverDevices = <T extends tf.Tensor>(tensor: T): T => engine().deviceGroup?.sum(tensor) ?? tensor;

/** The devices' tensors one after another along the first axis, on each of them; it has no gradient. */
export const gatherFromDevices = <T extends tf.Tensor>(tensor: T): T => engine().deviceGroup?.gather(tensor) ?? tensor;
