/**
 * The functions of TensorFlow's C API that are used, opened through Deno's FFI. Two libraries share them.
 *
 * @module
 */

/** A pointer that is not null. */
export type Pointer = Deno.PointerObject;
/** Bytes that can be passed through FFI. */
export type Bytes = Uint8Array<ArrayBuffer>;

const P = "pointer", B = "buffer", I = "i32", N = "usize";
const OUTPUT = { struct: [P, I] } as const; // TF_Output, by value: 16 bytes

const FRAMEWORK = {
  TF_NewStatus: { parameters: [], result: P },
  TF_GetCode: { parameters: [P], result: I },
  TF_Message: { parameters: [P], result: P },
  TF_AllocateTensor: { parameters: [I, B, I, N], result: P },
  TF_TensorData: { parameters: [P], result: P },
  TF_TensorByteSize: { parameters: [P], result: N },
  TF_TensorType: { parameters: [P], result: I },
  TF_DeleteTensor: { parameters: [P], result: "void" },
} as const;

const CC = {
  TF_Version: { parameters: [], result: P },
  TFE_NewContextOptions: { parameters: [], result: P },
  TFE_DeleteContextOptions: { parameters: [P], result: "void" },
  TFE_ContextOptionsSetConfig: { parameters: [P, B, N, P], result: "void" },
  TFE_NewContext: { parameters: [P, P], result: P },
  TFE_ContextListDevices: { parameters: [P, P], result: P },
  TF_DeviceListCount: { parameters: [P], result: I },
  TF_DeviceListName: { parameters: [P, I, P], result: P },
  TF_StringInit: { parameters: [P], result: "void" },
  TF_StringCopy: { parameters: [P, B, N], result: "void" },
  TF_DeleteDeviceList: { parameters: [P], result: "void" },
  TFE_NewTensorHandle: { parameters: [P, P], result: P },
  TFE_DeleteTensorHandle: { parameters: [P], result: "void" },
  TFE_TensorHandleResolve: { parameters: [P, P], result: P },
  TFE_TensorHandleDataType: { parameters: [P], result: I },
  TFE_TensorHandleNumDims: { parameters: [P, P], result: I },
  TFE_TensorHandleDim: { parameters: [P, I, P], result: "i64" },
  TFE_NewOp: { parameters: [P, B, P], result: P },
  TFE_DeleteOp: { parameters: [P], result: "void" },
  TFE_OpAddInput: { parameters: [P, P, P], result: "void" },
  TFE_OpSetAttrType: { parameters: [P, B, I], result: "void" },
  TFE_OpSetAttrBool: { parameters: [P, B, "u8"], result: "void" },
  TFE_OpSetAttrInt: { parameters: [P, B, "i64"], result: "void" },
  TFE_OpSetAttrFloat: { parameters: [P, B, "f32"], result: "void" },
  TFE_OpSetAttrIntList: { parameters: [P, B, B, I], result: "void" },
  TFE_OpSetAttrShape: { parameters: [P, B, B, I, P], result: "void" },
  TFE_OpSetAttrString: { parameters: [P, B, B, N], result: "void" },
  TFE_Execute: { parameters: [P, B, B, P], result: "void" },
  TFE_ContextAddFunction: { parameters: [P, P, P], result: "void" },
  TF_NewGraph: { parameters: [], result: P },
  TF_DeleteGraph: { parameters: [P], result: "void" },
  TF_NewOperation: { parameters: [P, B, B], result: P },
  TF_SetAttrType: { parameters: [P, B, I], result: "void" },
  TF_SetAttrBool: { parameters: [P, B, "u8"], result: "void" },
  TF_SetAttrInt: { parameters: [P, B, "i64"], result: "void" },
  TF_SetAttrFloat: { parameters: [P, B, "f32"], result: "void" },
  TF_SetAttrIntList: { parameters: [P, B, B, I], result: "void" },
  TF_SetAttrString: { parameters: [P, B, B, N], result: "void" },
  TF_SetAttrShape: { parameters: [P, B, B, I], result: "void" },
  TF_SetAttrTensor: { parameters: [P, B, P, P], result: "void" },
  TF_SetAttrTypeList: { parameters: [P, B, B, I], result: "void" },
  TF_SetAttrFuncName: { parameters: [P, B, B, N], result: "void" },
  TF_AddInput: { parameters: [P, OUTPUT], result: "void" },
  TF_AddControlInput: { parameters: [P, P], result: "void" },
  TF_AddInputList: { parameters: [P, B, I], result: "void" },
  TF_FinishOperation: { parameters: [P, P], result: P },
  TF_OperationOutputType: { parameters: [OUTPUT], result: I },
  TF_GraphGetTensorNumDims: { parameters: [P, OUTPUT, P], result: I },
  TF_GraphGetTensorShape: { parameters: [P, OUTPUT, B, I, P], result: "void" },
  TF_GraphSetTensorShape: { parameters: [P, OUTPUT, B, I, P], result: "void" },
  TF_GraphCopyFunction: { parameters: [P, P, P, P], result: "void" },
  TF_GraphToFunction: { parameters: [P, B, "u8", I, P, I, B, I, B, P, P, P, P], result: P },
} as const;

type Symbols = Deno.StaticForeignLibraryInterface<typeof FRAMEWORK & typeof CC>;

/** The opened library: its functions, and one status, to be checked after every call that takes it. */
export interface Library {
  readonly c: Symbols;
  readonly status: Pointer;
  /** Throws TensorFlow's message, prefixed by the attempted `action`, if the last call failed. */
  check(action: () => string): void;
  readonly version: string;
}

/** Opens the two files of libtensorflow. */
export function openLibrary(paths: { cc: string; framework: string }): Library {
  const framework = Deno.dlopen(paths.framework, FRAMEWORK);
  quieten(paths.framework);
  const c = { ...framework.symbols, ...Deno.dlopen(paths.cc, CC).symbols };
  const status = c.TF_NewStatus()!;
  const check = (action: () => string) => {
    if (c.TF_GetCode(status) === 0) return;
    const message = text(c.TF_Message(status)); // before `action`, which may call the library and so change the status
    throw new Error(`${action()}: ${message}`);
  };
  return { c, status, check, version: text(c.TF_Version()) };
}

// TensorFlow 2.21 logs through Abseil, which reads no environment variable, so its level is set by a function. A library
// that has it under another name keeps logging. Errors are returned as a status anyway; the rest of the log is a remark for
// each kernel read from the cache.
function quieten(framework: string): void {
  const level = Number(Deno.env.get("TF_CPP_MIN_LOG_LEVEL") ?? 3); // 3: crashes only
  const setter = { name: "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE", optional: true } as const;
  Deno.dlopen(framework, { set: { ...setter, parameters: [I], result: "void" } }).symbols.set?.(level);
}

/** The text at a C string. */
export const text = (pointer: Deno.PointerValue): string =>
  pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);

const names = new Map<string, Bytes>();

/** A name as a C string, cached because names repeat. */
export function cName(name: string): Bytes {
  let bytes = names.get(name);
  if (!bytes) names.set(name, bytes = new TextEncoder().encode(name + "\0"));
  return bytes;
}

/** Numbers of TensorFlow's types, `TF_DataType`. */
export const TYPE = {
  float32: 1,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  uint16: 17,
  resource: 20,
  uint32: 22,
  uint64: 23,
} as const;
