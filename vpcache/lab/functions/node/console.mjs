// The function's console, whose records have AWS's formats:
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html

import util from "node:util";

import { writeAll } from "./api.mjs";
import { loggedError } from "./errors.mjs";

const LEVELS = { TRACE: 1, DEBUG: 2, INFO: 3, WARN: 4, ERROR: 5, FATAL: 6 };
const METHODS = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO",
  log: "INFO",
  warn: "WARN",
  error: "ERROR",
  fatal: "FATAL",
};
const TEXT_FRAME = 0xa55a0003;
const JSON_FRAME = 0xa55a0002;
const HEADER_SIZE = 16;

export class FunctionConsole {
  requestId; // of the current event; undefined during the initialization
  #descriptor;
  #isJson;
  #lowest;

  // Replace the methods of `console`. Each record is one frame in the descriptor.
  constructor(descriptor, environment) {
    this.#descriptor = descriptor;
    this.#isJson = environment.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON";
    this.#lowest = LEVELS[environment.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()] ?? LEVELS.TRACE;
    for (const [method, level] of Object.entries(METHODS)) {
      console[method] = (...values) => this.#log(level, values);
    }
  }

  // Log an error that ended an event or the initialization.
  logFailure(title, error) {
    const shown = error instanceof Error ? error : new Error(String(error));
    if (this.#isJson) {
      console.error(shown);
    } else {
      console.error(title, `\t${stringified(loggedError(shown))}`);
    }
  }

  #log(level, values) {
    if (LEVELS[level] < this.#lowest) {
      return;
    }
    const now = new Date();
    const text = this.#isJson
      ? jsonRecord(now, level, this.requestId, values)
      : `${now.toISOString()}\t${this.requestId}\t${level}\t${util.format(...values)}\n`;
    const message = Buffer.from(text);
    const frame = Buffer.alloc(HEADER_SIZE);
    frame.writeUInt32BE(((this.#isJson ? JSON_FRAME : TEXT_FRAME) | (LEVELS[level] << 2)) >>> 0, 0);
    frame.writeUInt32BE(message.length, 4);
    frame.writeBigInt64BE(BigInt(now.valueOf()) * 1000n, 8);
    writeAll(this.#descriptor, Buffer.concat([frame, message]));
  }
}

function jsonRecord(now, level, requestId, values) {
  const record = { timestamp: now.toISOString(), level, requestId };
  if (values.length === 1) {
    try {
      return JSON.stringify({ ...record, message: values[0] }, (_, value) =>
        value instanceof Error ? errorMembers(value, value) : value,
      );
    } catch {
      // a value that is no JSON is logged as text
    }
  }
  const error = values.slice(1).find((value) => value instanceof Error);
  return JSON.stringify({ ...record, message: util.format(...values), ...(error && errorMembers(error, {})) });
}

function errorMembers(error, own) {
  return {
    errorType: error.constructor?.name ?? "UnknownError",
    errorMessage: error.message,
    stackTrace: String(error.stack ?? "").split("\n"),
    ...own,
  };
}

function stringified(value) {
  try {
    return JSON.stringify(value, (_, inner) => (inner instanceof Error ? loggedError(inner) : inner));
  } catch {
    return util.format(value);
  }
}
