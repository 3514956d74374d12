// The chart of a drill: requests, errors and p99 by second, with the time of the fault shaded.

import { byId, element, setText, shape } from "./dom.js";
import { clock, count, milliseconds } from "./format.js";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [220, 44, 56, 16, 28];
const LEAST_SECONDS = 20;

export function drawDrill(drill) {
  byId("drill").hidden = !drill;
  if (!drill) return;
  setText(byId("drill-title"), `Drill ${drill.name}, ${drill.zone} of ${drill.stack}`);
  setText(byId("drill-phase"), drill.phase);
  const seconds = drill.seconds;
  if (!seconds.length) return;
  const parent = byId("chart");
  const width = Math.max(300, Math.floor(parent.clientWidth));
  const begin = seconds[0].at;
  const end = Math.max(seconds.at(-1).at + 1000, begin + LEAST_SECONDS * 1000);
  const x = (at) => LEFT + ((at - begin) / (end - begin)) * (width - LEFT - RIGHT);
  const most = ceiling(Math.max(1, ...seconds.map((each) => each.requests), ...seconds.map((each) => each.errors)));
  const slowest = ceiling(Math.max(1, ...seconds.map((each) => each.p99_ms ?? 0)));
  const y = (share) => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
  const last = seconds.at(-1);
  const svg = shape("svg", { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": spoken(drill, last) });
  svg.append(...interval(drill, last.at + 1000, x, width), ...axes(most, slowest, y, width));
  svg.append(label(LEFT, HEIGHT - 8, "", clock(begin)), label(x(last.at), HEIGHT - 8, "middle", seconds.length > 4 ? clock(last.at) : ""));
  const line = (css, share) => {
    const points = seconds.filter((each) => share(each) !== null).map((each) => `${x(each.at).toFixed(1)},${y(share(each)).toFixed(1)}`);
    return shape("polyline", { class: `line ${css}`, points: points.join(" ") });
  };
  svg.append(
    line("requests", (each) => each.requests / most),
    line("p99", (each) => (each.p99_ms === null ? null : each.p99_ms / slowest)),
    line("errors", (each) => each.errors / most),
  );
  parent.replaceChildren(svg);
  byId("chart-key").replaceChildren(
    key("requests", `requests per second, left axis: ${count(last.requests)}`),
    key("errors", `errors per second, left axis: ${count(last.errors)}`),
    key("p99", `p99, right axis: ${milliseconds(last.p99_ms)}`),
  );
}

function interval(drill, end, x, width) {
  if (drill.injected === null) return [];
  const [from, to] = [drill.injected, drill.removed ?? end].map((at) => Math.min(Math.max(LEFT, x(at)), width - RIGHT));
  const area = shape("rect", { class: "interval", x: from, y: TOP, width: Math.max(0, to - from), height: HEIGHT - TOP - BOTTOM });
  return [area, label(from + 4, TOP + 12, "bad", drill.removed === null ? "fault in force" : "fault")];
}

function axes(most, slowest, y, width) {
  return [0, 0.5, 1].flatMap((share) => [
    shape("path", { class: "grid", d: `M${LEFT} ${y(share)}H${width - RIGHT}` }),
    label(LEFT - 6, y(share) + 4, "end", count(share * most)),
    label(width - RIGHT + 6, y(share) + 4, "", milliseconds(share * slowest)),
  ]);
}

function spoken(drill, last) {
  return `Drill ${drill.name}: ${drill.phase}; in the last second ${last.requests} requests, ${last.errors} errors, p99 ${milliseconds(last.p99_ms)}`;
}

const label = (x, y, css, content) => shape("text", { class: `note ${css}`, x, y }, content);

function key(css, content) {
  const sample = shape("svg", { width: 26, height: 10, "aria-hidden": "true" }, shape("path", { class: `line ${css}`, d: "M1 5H25" }));
  return element("li", {}, sample, ` ${content}`);
}

// The least of 1, 2, 5, 10, 20, … that is not below `value`.
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value);
}
