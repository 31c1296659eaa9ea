// `detect photo.jpg`: the faces of photos with their landmarks.

import { InvalidArgumentError } from "../base/errors.ts";
import { counted } from "../base/counted.ts";
import { loadImage } from "../image/load.ts";
import { createVerifier } from "../verify/create.ts";
import { detectionJson } from "../verify/json.ts";
import {
  type Arguments,
  type Command,
  JSON_OPTION,
  PHOTOS,
  VERIFIER_OPTIONS,
  verifierOptions,
} from "./command.ts";
import { describeFace } from "./describe.ts";
import { eachPhoto } from "./each_photo.ts";
import { checkPicturePath } from "./picture_path.ts";
import type { Terminal } from "./terminal.ts";

/** The command. */
export const detectCommand: Command = {
  name: "detect",
  takes: PHOTOS,
  options: [
    {
      kind: "file",
      name: "annotate",
      value: "out.png",
      help: "write the photo with what was found",
    },
    JSON_OPTION,
    ...VERIFIER_OPTIONS,
  ],
  run,
};

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const path = args.text("annotate");
  if (path && args.photos.length > 1) {
    throw new InvalidArgumentError(
      `Cannot annotate ${args.photos.length} photos into ${path}: give one photo`,
    );
  }
  if (path) await checkPicturePath(path, args.photos);
  terminal.progress("loading models ...");
  const options = verifierOptions(args);
  await using verifier = await createVerifier(options);
  return await eachPhoto(args.photos, terminal, async ({ label, input }) => {
    const found = await verifier.detect(input), { width, height, faces, device } = found;
    terminal.progress("");
    try {
      if (path) {
        const { annotateFaces, writePng } = await import("./picture.ts");
        await writePng(path, await annotateFaces(await loadImage(input, options), faces));
      }
    } finally {
      // After the picture, which is wanted also where the reader of the output stops early (| head).
      if (args.flag("json")) {
        terminal.out(JSON.stringify({ photo: label, ...detectionJson(found) }));
      } else {
        terminal.out(`${label}: ${width}x${height}, ${counted(faces.length, "face")}, ${device}`);
        for (const face of faces) terminal.out(`  ${describeFace(face)}`);
      }
    }
    return faces.length > 0 ? 0 : 1;
  });
}
