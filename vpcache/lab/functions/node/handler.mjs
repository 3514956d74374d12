// The handler of a function: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

import { RuntimeError } from "./errors.mjs";

const EXTENSIONS = ["", ".js", ".mjs", ".cjs"];

// Return the function that `name`, such as "src/index.handler", has below the folder `root`.
export async function loadHandler(root, name) {
  if (name.includes("..")) {
    const hint = "Use absolute paths when specifying root directories in handler names.";
    throw new RuntimeError("MalformedHandlerName", `'${name}' is not a valid handler name. ${hint}`);
  }
  const match = /^([^.]*)\.(.*)$/.exec(path.basename(name));
  if (!match) {
    throw new RuntimeError("MalformedHandlerName", "Bad handler");
  }
  const module = await loadModule(path.resolve(root, path.dirname(name)), match[1]);
  const handler = member(module, match[2]) ?? member(module.default, match[2]);
  if (!handler) {
    throw new RuntimeError("HandlerNotFound", `${name} is undefined or not exported`);
  }
  if (typeof handler !== "function") {
    throw new RuntimeError("HandlerNotFound", `${name} is not a function`);
  }
  return handler;
}

async function loadModule(folder, name) {
  const file = EXTENSIONS.map((extension) => path.join(folder, name + extension)).find(isFile);
  try {
    if (file) {
      return await import(pathToFileURL(file).href);
    }
    return createRequire(import.meta.url)(
      createRequire(import.meta.url).resolve(name, { paths: [process.env.LAMBDA_TASK_ROOT, folder] }),
    );
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError("UserCodeSyntaxError", String(error), { stack: error.stack });
    }
    if (error?.code === "MODULE_NOT_FOUND") {
      throw new RuntimeError("ImportModuleError", String(error));
    }
    throw error;
  }
}

function isFile(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function member(module, name) {
  return name.split(".").reduce((parent, key) => parent?.[key], module);
}
