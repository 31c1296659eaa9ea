// The command line in a process of its own, with no more than the permissions that are given.

/** The folder of the project. */
export const root: string = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** The environment of a host without a GPU. */
export const NO_GPU = { DENO_WEBGPU_BACKEND: "noop" };

/** The process, not yet started. */
export function command(
  permissions: readonly string[],
  args: readonly string[],
  env: Record<string, string> = {},
  options: Deno.CommandOptions = {},
): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, "cli.ts", ...args],
    cwd: root,
    env,
    stdout: "piped",
    stderr: "piped",
    ...options,
  });
}

/** Runs the process to its end. */
export async function deno(
  permissions: readonly string[],
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await command(permissions, args, env).output();
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}
