// What the server says, frame by frame: for pages that want to know of a frame that nothing else tells.

import type { ServerFrames } from "../../gen/frames.js";
import type { ServerFrame } from "../../gen/messages.js";
import { Emitter } from "../events.js";

/** Tells each frame under its name, as it comes: repeated messages too, and answers. */
export class Frames extends Emitter<ServerFrames> {
  /** For the connection. */
  told(frame: ServerFrame): void {
    for (const [name, body] of Object.entries(frame)) {
      // a name that the schema does not know has no listener; of the others TypeScript does not see that name and body go together
      if (name !== "requestId") this.emit(name as keyof ServerFrames, body);
    }
  }
}
