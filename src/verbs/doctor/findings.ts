/** What a running agent misses of its devices' packets. */
import { EnvironmentError } from "../../errors.ts";
import type { BooksView } from "../books.ts";
import { askAgent } from "../socket.ts";

/** A device that counts other packets than weir sees there. */
export interface Finding {
  interface: string;
  difference: string;
  cause: string;
}

/** Undefined when no agent answers: doctor is for machines without one, too. */
export async function askFindings(socket: string): Promise<Finding[] | undefined> {
  try {
    return findingsOf(await askAgent<BooksView>(socket, "/books"));
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    return undefined;
  }
}

export function findingsOf({ audit }: Pick<BooksView, "audit">): Finding[] {
  return audit.filter(({ verdict }) => verdict !== "equal").map((line) => {
    const { deviceFramesLeast: least, deviceFramesMost: most, frames } = line;
    const counted = least === most ? `${least}` : `${least} to ${most}`;
    return {
      interface: line.interface,
      difference: `the device counts ${counted} frames, weir saw ${frames}`,
      cause: line.cause || "unknown",
    };
  });
}
