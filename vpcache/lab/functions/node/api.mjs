// A client of Lambda's Runtime API over a connected socket: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
//
// Each call blocks the whole process. So nothing of the function runs while it waits for an event, as on AWS,
// and the connection keeps no event loop alive.

import fs from "node:fs";

const CHUNK = 65536;
const PREFIX = "/2018-06-01/runtime";

export class RuntimeApi {
  #descriptor;
  #received = Buffer.alloc(0);

  constructor(descriptor) {
    this.#descriptor = descriptor;
  }

  // Wait for the next event; return its headers with names in lower case, and its text.
  next() {
    return this.#call("GET", "/invocation/next");
  }

  respond(requestId, text) {
    return this.#call("POST", `/invocation/${requestId}/response`, text);
  }

  fail(requestId, error) {
    return this.#call("POST", `/invocation/${requestId}/error`, JSON.stringify(error), error.errorType);
  }

  failInit(error) {
    return this.#call("POST", "/init/error", JSON.stringify(error), error.errorType);
  }

  #call(method, path, text = "", errorType = undefined) {
    const body = Buffer.from(text);
    const lines = [
      `${method} ${PREFIX}${path} HTTP/1.1`,
      `Host: ${process.env.AWS_LAMBDA_RUNTIME_API}`,
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
    ];
    if (errorType) {
      lines.push(`Lambda-Runtime-Function-Error-Type: ${errorType.replace(/[^\x21-\x7e]/g, "?")}`);
    }
    writeAll(this.#descriptor, Buffer.concat([Buffer.from(lines.join("\r\n") + "\r\n\r\n"), body]));
    return this.#response();
  }

  #response() {
    let end;
    while ((end = this.#received.indexOf("\r\n\r\n")) < 0) {
      this.#receive();
    }
    const [status, ...fields] = this.#received.subarray(0, end).toString("latin1").split("\r\n");
    const headers = Object.fromEntries(fields.map(parseField));
    const start = end + 4;
    const length = Number(headers["content-length"]);
    while (this.#received.length < start + length) {
      this.#receive();
    }
    const text = this.#received.subarray(start, start + length).toString();
    this.#received = this.#received.subarray(start + length);
    if (!/^HTTP\/1\.1 20[02] /.test(status)) {
      throw new Error(`the Runtime API answered ${status}`);
    }
    return { headers, text };
  }

  #receive() {
    const chunk = Buffer.alloc(CHUNK);
    const size = retried(() => fs.readSync(this.#descriptor, chunk));
    if (!size) {
      process.exit(1); // the platform is gone
    }
    this.#received = Buffer.concat([this.#received, chunk.subarray(0, size)]);
  }
}

// Write all bytes to a descriptor, also to a pipe that is full.
export function writeAll(descriptor, data) {
  for (let offset = 0; offset < data.length; ) {
    offset += retried(() => fs.writeSync(descriptor, data, offset));
  }
}

function retried(call) {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (error.code === "EAGAIN") {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      } else if (error.code !== "EINTR") {
        throw error;
      }
    }
  }
}

function parseField(line) {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
