// Runs a Node.js function: loads its handler, and serves one event after the other until it is killed.

import { setImmediate } from "node:timers/promises";

import { RuntimeApi } from "./api.mjs";
import { FunctionConsole } from "./console.mjs";
import { RuntimeError, errorDocument } from "./errors.mjs";
import { loadHandler } from "./handler.mjs";

const REJECTED = 128; // exit statuses of AWS's client
const THROWN = 129;

const hasCallbacks = Number(process.versions.node.split(".")[0]) < 24;
const api = new RuntimeApi(takeDescriptor("_LAB_RUNTIME_API_FD"));
const log = new FunctionConsole(takeDescriptor("_LAMBDA_TELEMETRY_LOG_FD"), process.env);
let failCurrent = (error) => api.failInit(errorDocument(error));
let whenIdle = () => {};

globalThis.awslambda = {
  streamifyResponse() {
    throw new Error("response streaming is not emulated by the lab: return the response");
  },
};
process.on("beforeExit", () => whenIdle());
if (hasCallbacks) {
  process.on("uncaughtException", (error) => end("Uncaught Exception", error, THROWN));
  process.on("unhandledRejection", (reason, promise) => {
    const error = new RuntimeError("UnhandledPromiseRejection", String(reason), { reason, promise });
    end("Unhandled Promise Rejection", error, REJECTED);
  });
}
const handler = await initialized();
serve();

async function initialized() {
  try {
    const loaded = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    if (!hasCallbacks && loaded.length >= 3) {
      const message =
        "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. " +
        "You need to modify this function to use a supported handler signature to use Node.js 24 or later.";
      throw new RuntimeError("CallbackHandlerDeprecated", message);
    }
    return loaded;
  } catch (error) {
    end("Init Error", error, 1);
  }
}

async function serve() {
  for (;;) {
    const { headers, text } = api.next();
    const requestId = headers["lambda-runtime-aws-request-id"];
    process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
    log.requestId = requestId;
    failCurrent = (error) => api.fail(requestId, errorDocument(error));
    try {
      api.respond(requestId, serialized(await result(headers, text)));
    } catch (error) {
      log.logFailure("Invoke Error", error);
      failCurrent(error);
    }
    await setImmediate();
  }
}

// Return a promise of the handler's result, which is null if nothing can bring one any more.
function result(headers, text) {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    const settle = (error, value) => {
      if (!isSettled) {
        isSettled = true;
        whenIdle = () => {};
        error === undefined || error === null ? resolve(value) : reject(error);
      }
    };
    const context = contextOf(headers);
    const callback = (error, value) => {
      if (!context.callbackWaitsForEmptyEventLoop || (error !== undefined && error !== null)) {
        settle(error, value);
      } else if (!isSettled) {
        whenIdle = () => settle(null, value);
      }
    };
    if (hasCallbacks) {
      whenIdle = () => settle(null, null);
      context.callbackWaitsForEmptyEventLoop = true;
      context.done = settle;
      context.succeed = (value) => settle(null, value);
      context.fail = (error) => settle(error ?? new Error("handled"));
    }
    const returned = handler(JSON.parse(text), context, ...(hasCallbacks ? [callback] : []));
    if (typeof returned?.then === "function") {
      returned.then((value) => settle(null, value), (error) => settle(error ?? new Error(String(error))));
    } else if (!hasCallbacks) {
      resolve(returned);
    }
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const clientContext = headers["lambda-runtime-client-context"];
  return {
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: clientContext && JSON.parse(clientContext),
    identity: undefined,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function serialized(value) {
  try {
    return JSON.stringify(value === undefined ? null : value) ?? "null";
  } catch {
    throw new RuntimeError("JSONStringifyError", "Unable to stringify response body");
  }
}

function end(title, error, status) {
  log.logFailure(title, error);
  failCurrent(error);
  process.exit(status);
}

function takeDescriptor(name) {
  const descriptor = Number(process.env[name]);
  delete process.env[name];
  return descriptor;
}
