// The camera as a stream of pictures: one at a time, the next when the last was dealt with.
/// <reference lib="dom" />

import type { Image } from "../../image/image.ts";

/** A camera that is on. */
export class Camera implements Disposable {
  readonly #stream: MediaStream;
  readonly #video: HTMLVideoElement;
  #on = true;

  private constructor(stream: MediaStream, video: HTMLVideoElement) {
    this.#stream = stream;
    this.#video = video;
  }

  /** Asks for the camera and turns it on; rejects if there is none or the user says no. */
  static async start(): Promise<Camera> {
    const wanted = { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" };
    const stream = await navigator.mediaDevices.getUserMedia({ video: wanted });
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    await video.play();
    return new Camera(stream, video);
  }

  /** Pictures until the camera is turned off. */
  async *pictures(): AsyncGenerator<Image, void, void> {
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    while (this.#on) {
      // The screen's rhythm, and none at all while the page is hidden.
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const { videoWidth: width, videoHeight: height } = this.#video;
      if (!this.#on || width === 0) continue;
      canvas.width = width;
      canvas.height = height;
      pen.drawImage(this.#video, 0, 0);
      const { data } = pen.getImageData(0, 0, width, height);
      yield { width, height, data: data as Image["data"] };
    }
  }

  [Symbol.dispose](): void {
    this.#on = false;
    for (const track of this.#stream.getTracks()) track.stop();
  }
}
