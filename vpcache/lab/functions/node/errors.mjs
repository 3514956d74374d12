// The errors of a function, as the Runtime API and the log have them.

export class RuntimeError extends Error {
  constructor(name, message, properties = {}) {
    super(message);
    this.name = `Runtime.${name}`;
    Object.assign(this, properties);
  }
}

// Return the document of an error: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
export function errorDocument(error) {
  if (!(error instanceof Error)) {
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  }
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: String(error.stack ?? "").split("\n"),
  };
}

// Return an error with its own properties, for a line of the log.
export function loggedError(error) {
  const known = { errorType: error?.name ?? "UnknownError", errorMessage: error.message, code: error.code };
  return { ...known, ...error, stack: String(error.stack ?? "").split("\n") };
}
