/** `weir replay`: a capture file through the program and the table, as if it passed now. */
import { flowProgramImage, tableModule } from "../artifacts.ts";
import { CaptureFileError, CaptureReader, isReadable, linkTypeName } from "../capture/pcap/mod.ts";
import { hostMeaning } from "../enrich/mod.ts";
import type { References } from "../export/mod.ts";
import { REPLAY_QUEUE_RECORDS } from "../limits.ts";
import { log, startLogging } from "../log.ts";
import { Replay } from "../replay.ts";
import { samplingOf } from "../sampling.ts";
import { booksView } from "../serve/mod.ts";
import type { Settings } from "../settings/mod.ts";
import { reportFinalBooks } from "./final_books.ts";
import { requireMachine } from "./machine.ts";
import { createExporter, outputOf } from "./output.ts";
import type { Output } from "./output_option.ts";
import { type ProgressLine, progressLine } from "./progress.ts";
import { openSource, type ReplaySource } from "./replay_source.ts";
import { logNotices, type SettingsOptions, settle } from "./settle.ts";
import { memoryOptions, tableOptions } from "./settings_parts.ts";
import { StopSignal } from "./stop_signal.ts";
import { checkBooksFile, writeBooks } from "./write_books.ts";

export interface ReplayFileOptions extends SettingsOptions {
  output?: Output;
  books?: string;
}

/** How the reading of a file ended. */
interface Reading {
  frames: number;
  bytes: number;
  /** Where the file cannot be read on. */
  error?: CaptureFileError;
  /** A signal came, or nobody reads the output any more. */
  stopped?: true;
}

const EXIT_FAILED = 1;
/** As shells say which signal ended a command. */
const EXIT_SIGNALLED: Partial<Record<Deno.Signal, number>> = { SIGINT: 130, SIGTERM: 143 };
const NO_ADDRESS_IS_OWN = () => false;

/** Returns the exit code. */
export async function replayFile(path: string, options: ReplayFileOptions): Promise<number> {
  const { settings, notices } = await settle(options);
  if (options.books) checkBooksFile(options.books);
  await startLogging(settings.log_level, settings.log_format);
  logNotices(notices);
  using source = await openSource(path);
  const replay = await openReplay(settings, options.output ?? outputOf(settings.export.traces.stdout));
  try {
    using signal = new StopSignal("SIGINT", "SIGTERM");
    signal.caught.then(() => {
      signal[Symbol.dispose](); // a second one ends the process at once
      setTimeout(() => replay.giveUp(), settings.shutdown_timeout);
    });
    const reading = await read(source, replay, signal);
    await replay.finish();
    return await report({ source, replay, reading, signal: signal.name }, options.books);
  } finally {
    replay.close();
  }
}

function referencesOf(replay: Replay, samplingRate: number | undefined): References {
  return { interfaceOf: (id) => replay.interfaceOf(id), setOf: () => undefined, samplingRate };
}

function openReplay(settings: Settings, output: Output | undefined): Promise<Replay> {
  const { kernel } = requireMachine(settings);
  const sampling = samplingOf(settings.sampling);
  return Replay.open({
    kernel,
    image: flowProgramImage(),
    module: tableModule(),
    memory: memoryOptions(settings),
    table: tableOptions(settings),
    meaningOf: hostMeaning(NO_ADDRESS_IS_OWN),
    filter: settings.filter,
    sampling,
    exporters: (replay) => [
      createExporter(output, referencesOf(replay, sampling?.rate), { queueRecordsMax: REPLAY_QUEUE_RECORDS }),
    ],
  });
}

/** Every frame of the source, until its end, a signal, or an error in it. */
async function read(source: ReplaySource, replay: Replay, signal: StopSignal): Promise<Reading> {
  const reading: Reading = { frames: 0, bytes: 0 };
  const progress = progressLine(
    source.sizeBytes,
    Deno.stderr.isTerminal() ? (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)) : undefined,
  );
  try {
    await readFrames(source, replay, reading, signal, progress);
  } catch (error) {
    if (!(error instanceof CaptureFileError)) throw error;
    reading.error = error;
  } finally {
    progress.erase();
  }
  return reading;
}

async function readFrames(
  source: ReplaySource,
  replay: Replay,
  reading: Reading,
  signal: StopSignal,
  progress: ProgressLine,
): Promise<void> {
  const reader = new CaptureReader();
  for (;;) {
    const count = await Promise.race([source.read(reader.room()), signal.caught]);
    if (signal.name) {
      reading.stopped = true;
      return;
    }
    if (count === null) return reader.end();
    reader.filled(count as number);
    reading.bytes += count as number;
    while (reader.next()) {
      checkLinkType(reader);
      const { frame } = reader;
      if (replay.isDue(frame.timeNs)) await replay.advance(frame.timeNs);
      replay.feed(frame);
      reading.frames++;
    }
    progress.show(reading.frames, reading.bytes);
    if (replay.exporters.some((exporter) => exporter.isOver)) {
      reading.stopped = true;
      return;
    }
  }
}

function checkLinkType({ frame, offset }: CaptureReader): void {
  const { linkType } = frame.interface;
  if (isReadable(linkType)) return;
  throw new CaptureFileError(
    offset,
    `link type ${linkTypeName(linkType)} is unknown; Ethernet, raw IP, Linux cooked and BSD loopback are known`,
  );
}

interface Ended {
  source: ReplaySource;
  replay: Replay;
  reading: Reading;
  signal: Deno.Signal | undefined;
}

/** Says how it went, and writes the books where asked. Returns the exit code. */
async function report({ source, replay, reading, signal }: Ended, booksFile: string | undefined): Promise<number> {
  const { frames, bytes, error } = reading;
  const { lateFrames, stepsBack } = replay.clock;
  const isClosed = reportFinalBooks(await replay.auditBooks());
  if (booksFile) {
    await writeBooks(booksFile, {
      ...await booksView(replay),
      replay: {
        file: source.name,
        frames,
        bytes,
        complete: !error && !reading.stopped,
        ...(error ? { error: error.message, offset: error.offset } : {}),
        late_frames: lateFrames,
        clock_steps_back: stepsBack,
      },
    });
  }
  if (stepsBack) log.warn("The recording's clock was set back {stepsBack} times", { stepsBack });
  if (error) {
    log.error("Cannot read {file} on {problem}; {frames} frames before that are counted", {
      file: source.name,
      problem: error.message,
      frames,
    });
  } else if (signal) {
    log.warn("Got {signal}: {bytes} bytes of {file} are counted", { signal, bytes, file: source.name });
  }
  log.info("Replayed {frames} frames, {records} records handed out, books {state}", {
    frames,
    records: replay.recordCounts().passed,
    state: isClosed ? "closed" : "NOT closed",
  });
  if (error || !isClosed) return EXIT_FAILED;
  return signal ? EXIT_SIGNALLED[signal]! : 0;
}
