export function findLibrary(_o: unknown) {
  return Promise.resolve({
    cc: "/tmp/tf/lib/libtensorflow_cc.so.2",
    framework: "/tmp/tf/lib/libtensorflow_framework.so.2",
    preload: [] as string[],
    how: "stub",
    variant: "cpu",
  });
}
export function checkVersion(_v: string) {}
