// `serve`: the server of src/serve on a port of this machine, until it is told to end.
// SIGINT and SIGTERM let the requests under way end; a second signal ends the process at once.

import { InvalidArgumentError } from "../base/errors.ts";
import { checkStoreModel, createGallery, type Gallery, openThresholds } from "../gallery/mod.ts";
import { DEFAULT_MAX_BODY_BYTES } from "../image/limits.ts";
import { MASK_STATES } from "../pipeline/embed/mask_state.ts";
import { createHandler, folderAssets, type Handler } from "../serve/mod.ts";
import { createVerifier } from "../verify/create.ts";
import type { Verifier } from "../verify/verifier.ts";
import {
  type Arguments,
  type Command,
  EMBEDDING_OPTIONS,
  FACE_OPTION,
  NORMALIZE_OPTION,
  verifierOptions,
} from "./command.ts";
import { completeGallery } from "./complete_gallery.ts";
import { readVariable } from "./environment.ts";
import {
  CREATE_OPTION,
  GALLERY_OPTION,
  GALLERY_OPTIONS,
  openStore,
  PROTECTION_OPTION,
  protectionKey,
} from "./gallery_store.ts";
import type { Terminal } from "./terminal.ts";

/** The environment variable with API keys, separated by white space. */
const API_KEYS = "MASKINV_API_KEYS";

/** The command. */
export const serveCommand: Command = {
  name: "serve",
  takes: { usage: "", what: ["operand", "operands"], min: 0, max: 0 },
  options: [
    { kind: "whole", name: "port", min: 0, max: 65535, help: "port to listen on (8000)" },
    {
      kind: "text",
      name: "host",
      value: "address",
      help: "address to listen on (127.0.0.1: this machine only)",
    },
    { kind: "file", name: "api-keys", help: `API keys, one a line (or ${API_KEYS})` },
    { kind: "folder", name: "page", help: "serve a folder at /, as deno task page makes it" },
    {
      kind: "whole",
      name: "max-body",
      value: "bytes",
      min: 1,
      help: `largest body of a request (${DEFAULT_MAX_BODY_BYTES})`,
    },
    {
      kind: "text",
      name: "cors",
      value: "origins",
      help: "origins whose pages may ask, separated by commas, or * (none)",
    },
    {
      kind: "text",
      name: "prefix",
      value: "path",
      help: "what a proxy has put the server under, such as /faces",
    },
    { kind: "whole", name: "queue", min: 0, help: "how many requests may wait (16)" },
    {
      kind: "number",
      name: "timeout",
      value: "seconds",
      min: 0.001,
      help: "longest time for an answer (30)",
    },
    GALLERY_OPTION,
    ...GALLERY_OPTIONS,
    CREATE_OPTION,
    PROTECTION_OPTION,
    {
      kind: "flag",
      name: "allow-mask",
      help: "take photos with a mask into the gallery as well",
    },
    NORMALIZE_OPTION,
    ...EMBEDDING_OPTIONS.filter((option) => option !== FACE_OPTION),
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const port = args.number("port") ?? 8000, hostname = args.text("host") ?? "127.0.0.1";
  const timeout = args.number("timeout"), page = args.text("page");
  const keys = await apiKeys(args);
  const assets = page === undefined ? undefined : await folderAssets(page);
  terminal.progress("loading models ...");
  await using verifier = await createVerifier(verifierOptions(args));
  await using gallery = await openGallery(args, verifier, terminal);
  await using handler = createHandler({
    verifier,
    gallery,
    keys,
    assets,
    origins: args.text("cors")?.split(","),
    prefix: args.text("prefix"),
    limits: {
      maxPixels: args.number("max-pixels"),
      maxBodyBytes: args.number("max-body"),
      queue: args.number("queue"),
      timeoutMs: timeout === undefined ? undefined : timeout * 1000,
    },
    onError: (error) =>
      terminal.err(`maskinv: ${(error as Error).name}: ${(error as Error).message}`),
  });
  terminal.progress("");
  if (!keys) terminal.err("maskinv: no API keys, so that whoever reaches the port may use it");
  await serve(handler, { port, hostname }, args.text("prefix") ?? "", terminal);
  return 0;
}

/** Listens until a signal, and then until all requests are answered. */
async function serve(
  handler: Handler,
  address: { readonly port: number; readonly hostname: string },
  prefix: string,
  terminal: Terminal,
): Promise<void> {
  const onListen = ({ hostname, port }: Deno.NetAddr): void => {
    const host = hostname.includes(":") ? `[${hostname}]` : hostname;
    terminal.out(`listening on http://${host}:${port}, documentation at ${prefix}/docs`);
  };
  let server: Deno.HttpServer;
  try {
    server = Deno.serve({ ...address, onListen }, handler.fetch);
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot listen on ${address.hostname}:${address.port} as ${(error as Error).message}: ` +
        `choose another --port or --host`,
      { cause: error },
    );
  }
  let told = false;
  const end = (): void => {
    if (told) Deno.exit(1);
    told = true;
    terminal.err("maskinv: ending when the requests under way are answered");
    handler.close().then(() => server.shutdown());
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, end);
  await server.finished;
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, end);
}

async function openGallery(
  args: Arguments,
  verifier: Verifier,
  terminal: Terminal,
): Promise<Gallery | undefined> {
  if (args.text("gallery") === undefined) return undefined;
  const making = verifierOptions(args), protection = await protectionKey(args);
  const store = await openStore(args, terminal, args.flag("create") || "not unless told");
  try {
    await checkStoreModel(store, making, protection);
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
  const gallery = createGallery({
    store,
    verifier,
    protection,
    thresholds: await openThresholds(making),
    gate: { maskStates: args.flag("allow-mask") ? MASK_STATES : undefined },
  });
  try {
    await completeGallery(gallery, terminal);
    return gallery;
  } catch (error) {
    await gallery[Symbol.asyncDispose]();
    throw error;
  }
}

async function apiKeys(args: Arguments): Promise<string[] | undefined> {
  const file = args.text("api-keys");
  if (file === undefined) {
    const text = readVariable(API_KEYS, "give --api-keys");
    return text === undefined ? undefined : text.split(/\s+/).filter((key) => key !== "");
  }
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    throw new InvalidArgumentError(
      `Cannot read the API keys of ${file} as ${(error as Error).message}: check the path`,
      { cause: error },
    );
  }
  return text.split("\n").map((line) => line.trim()).filter((line) => /^[^#]/.test(line));
}
