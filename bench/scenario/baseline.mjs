// The source scenario's handler: a new client for each invocation, one of the two nodes, parse and stringify, no
// time to live. The time is measured from the event to the bytes of the response, as in its runtime.
import { createInterface } from "node:readline";
import axios from "axios";
import memjs from "memjs";

const [node, origin] = process.argv.slice(2);
let finished = [];

async function handler(event) {
  const client = memjs.Client.create(node);
  finished.push(client);
  const { value } = await client.get(event.path);
  if (value) {
    return { statusCode: 200, body: JSON.stringify(JSON.parse(value.toString())) };
  }
  const { data } = await axios.get(origin + event.path);
  await client.set(event.path, JSON.stringify(data), {});
  return { statusCode: 200, body: JSON.stringify(data) };
}

async function timed(path) {
  const started = process.hrtime.bigint();
  Buffer.from(JSON.stringify(await handler({ path })));
  return Number(process.hrtime.bigint() - started) / 1e3;
}

async function work({ paths, concurrent }) {
  if (concurrent) return Promise.all(paths.map(timed));
  const times = [];
  for (const path of paths) times.push(await timed(path));
  return times;
}

for await (const line of createInterface({ input: process.stdin })) {
  const times = await work(JSON.parse(line));
  finished.forEach((client) => client.close()); // not in the source, and not timed: avoids running out of sockets
  finished = [];
  process.stdout.write(JSON.stringify(times) + "\n");
}
