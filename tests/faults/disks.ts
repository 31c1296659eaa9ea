// Small disks of a test's own, which can be filled to the last byte or made read-only: real ones, as file systems differ
// from what a stub would do. Making one takes root and the right to mount, which containers often lack.

/** A disk that is mounted. */
export interface Disk {
  /** Where it is. */
  readonly path: string;
  /** Takes all the room that is left. */
  fill(): Promise<void>;
  /** Gives the room back that {@linkcode Disk.fill} took. */
  empty(): Promise<void>;
  /** Makes it read-only, or writable again; nothing on it may be open for writing. */
  readOnly(on: boolean): Promise<void>;
}

/** Registers a test that needs a disk of so many KiB. */
export function testOnDisk(name: string, kib: number, body: (disk: Disk) => Promise<void>): void {
  Deno.test({
    name: refusal === undefined ? name : `${name} (skipped: cannot mount a disk as ${refusal})`,
    ignore: refusal !== undefined,
    fn: async () => {
      await using disk = await mountDisk(kib);
      await body(disk);
    },
  });
}

/** Why no disk can be mounted here; undefined if one can. */
const refusal: string | undefined = await mountDisk(64).then(
  async (disk) => void await disk[Symbol.asyncDispose](),
  (error: Error) => error.message,
);

async function mountDisk(kib: number): Promise<Disk & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "maskinv-disk-" });
  const filling = `${path}/filling`;
  try {
    await call("mount", "-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", path);
  } catch (error) {
    await Deno.remove(path);
    throw error;
  }
  return {
    path,
    async fill(): Promise<void> {
      using file = await Deno.open(filling, { write: true, create: true, append: true });
      for (const size of [4096, 1]) {
        try {
          for (;;) await file.write(new Uint8Array(size));
        } catch (error) {
          // ENOSPC, for which Deno has no class.
          if (!(error as Error).message.includes("No space left")) throw error;
        }
      }
    },
    empty: () => Deno.remove(filling),
    readOnly: (on) => call("mount", "-o", `remount,${on ? "ro" : "rw"}`, path),
    async [Symbol.asyncDispose](): Promise<void> {
      // Lazily, as a test that failed may have left files open.
      await call("umount", "-l", path);
      await Deno.remove(path);
    },
  };
}

async function call(program: string, ...args: string[]): Promise<void> {
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, { args, stdout: "null", stderr: "piped" }).output();
  } catch (error) {
    throw new Error(`there is no ${program} (${(error as Error).name})`);
  }
  if (output.success) return;
  const [line] = new TextDecoder().decode(output.stderr).split("\n");
  throw new Error(line || `${program} ended with exit code ${output.code}`);
}
