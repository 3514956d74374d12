// Faults in force, with a button to clear each, and the form that injects one.

import { act } from "./lab.js";
import { byId, rows, setOptions, setText } from "./dom.js";

// Returns `show(state, names)`; `names` has titles of interfaces by their IDs.
export function faults() {
  const [kind, target, mode] = [byId("fault-kind"), byId("fault-target"), byId("fault-mode")];
  const answer = byId("fault-answer");
  let choices = {};
  let titles = new Map();

  const show = rows(byId("faults"), byId("no-faults"), (each) => `${each.kind} ${each.target}`, [
    { text: (each) => each.kind, isHeader: true },
    { text: (each) => titled(each.target), css: "name" },
    { text: (each) => (each.seconds ? `${each.mode} by ${each.seconds} s` : each.mode), css: "bad" },
    {
      label: "Clear",
      name: (each) => `Clear ${each.label}`,
      press: (each) => doing("clear", { kind: each.kind, target: each.target }, `cleared: ${each.label}`),
    },
  ]);

  function titled(id) {
    return titles.has(id) ? `${titles.get(id)} (${id})` : id;
  }

  function fill() {
    setOptions(kind, Object.keys(choices).filter((each) => choices[each].targets.length).map((each) => [each, each]));
    const { targets = [], modes = [] } = choices[kind.value] ?? {};
    setOptions(target, targets.map((each) => [each, titled(each)]));
    setOptions(mode, modes.map((each) => [each, each]));
    byId("fault-delay").hidden = mode.value !== "slow";
  }

  async function doing(action, body, done) {
    setText(answer, "asking the lab");
    try {
      const { faults: active } = await act(action, body);
      update(active);
      setText(answer, done);
    } catch (error) {
      setText(answer, error.message);
    }
    if (!document.activeElement || document.activeElement === document.body) kind.focus(); // the row is gone
  }

  function update(active) {
    show(active);
    byId("clear-all").hidden = active.length < 2;
  }

  kind.addEventListener("change", fill);
  mode.addEventListener("change", fill);
  byId("clear-all").addEventListener("click", () => doing("clear", {}, "all faults are cleared"));
  byId("inject").addEventListener("submit", (event) => {
    event.preventDefault();
    const fault = { kind: kind.value, target: target.value, mode: mode.value };
    if (mode.value === "slow") fault.seconds = Number(byId("fault-seconds").value);
    doing("fault", fault, `injected: ${fault.kind} ${fault.target}, ${fault.mode}`);
  });

  return {
    show(state, names) {
      choices = state.fault_choices;
      titles = names;
      fill();
      update(state.faults);
    },
  };
}
