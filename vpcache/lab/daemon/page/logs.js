// Log lines that follow, with a pause and a filter.

import { byId, element, setOptions, setText } from "./dom.js";
import { clock } from "./format.js";

const MOST = 1000; // lines kept

// Returns `add(lines, isWhole)` and `name(functions)`.
export function logs() {
  const [list, select, filter, pause] = [byId("log"), byId("log-function"), byId("log-filter"), byId("log-pause")];
  let [lines, shown, isPaused] = [[], [], false];
  let names = new Map();

  const matches = (line) =>
    (select.value === "" || line.function === select.value) &&
    line.message.toLowerCase().includes(filter.value.toLowerCase());

  function row(line) {
    const name = names.get(line.function) ?? line.function.split(":").at(-1);
    const time = element("time", { datetime: new Date(line.time).toISOString() }, clock(line.time));
    return element("div", {}, time, " ", element("span", { class: "who" }, name), " ", line.message);
  }

  function refill() {
    list.replaceChildren(...shown.filter(matches).map(row));
    list.scrollTop = list.scrollHeight;
    say();
  }

  function say() {
    const waiting = lines.length && shown.length ? lines.filter((each) => each.seq > shown.at(-1).seq).length : 0;
    const paused = isPaused ? `paused, ${waiting} newer` : "following";
    setText(byId("log-status"), `${list.children.length} of ${shown.length} lines, ${paused}`);
  }

  function append(added) {
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 30;
    shown = [...shown, ...added].slice(-MOST);
    list.append(...added.filter(matches).map(row));
    while (list.children.length > MOST) list.firstElementChild.remove();
    if (isAtEnd) list.scrollTop = list.scrollHeight;
    say();
  }

  pause.addEventListener("click", () => {
    isPaused = !isPaused;
    pause.setAttribute("aria-pressed", String(isPaused));
    setText(pause, isPaused ? "Continue" : "Pause");
    if (!isPaused) shown = lines;
    refill();
  });
  filter.addEventListener("input", refill);
  select.addEventListener("change", refill);
  byId("log-controls").addEventListener("submit", (event) => event.preventDefault());

  return {
    add(added, isWhole) {
      const sorted = [...added].sort((one, other) => one.seq - other.seq);
      lines = isWhole ? sorted : [...lines, ...sorted].slice(-MOST);
      if (isPaused) return say();
      if (!isWhole) return append(sorted);
      shown = lines;
      return refill();
    },
    name(functions) {
      names = new Map(functions.map((each) => [each.arn, each.name]));
      setOptions(select, [["", "all"], ...functions.map((each) => [each.arn, each.name])]);
    },
  };
}
