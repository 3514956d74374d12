// Functions, dropped packets and elastic IP addresses as tables, and the form that invokes a function.

import { act } from "./lab.js";
import { byId, rows, setOptions, setText } from "./dom.js";
import { clock, milliseconds, protocol } from "./format.js";

const NEVER = { invocations: 0, errors: 0, running: 0, p50_ms: null, hits: 0, misses: 0, stale: 0, last_payload: null };

export function functionsTable(chosen) {
  const number = (key) => ({ text: (each) => String(each.counts[key]), css: "number" });
  const show = rows(byId("functions"), byId("no-functions"), (each) => each.arn, [
    { text: (each) => each.name, isHeader: true, css: "name" },
    number("invocations"),
    number("running"),
    number("errors"),
    { text: (each) => milliseconds(each.counts.p50_ms), css: "number" },
    number("hits"),
    number("misses"),
    number("stale"),
    { label: "Invoke…", name: (each) => `Invoke ${each.name}`, press: (each) => chosen(each.arn) },
  ]);
  return (functions, counts) => show(functions.map((each) => ({ ...each, counts: counts[each.arn] ?? NEVER })));
}

export function dropsTable(explain) {
  const show = rows(
    byId("drops"),
    byId("no-drops"),
    (each) => [each.cause, each.interface, each.source, each.target, each.protocol, each.port].join(" "),
    [
      { text: (each) => [each.cause, ...each.resources].join(" "), isHeader: true, css: "name" },
      { text: (each) => place(each.source_name, each.source), css: "name" },
      { text: (each) => place(each.target_name, each.target), css: "name" },
      { text: (each) => protocol(each.protocol, each.port) },
      { text: (each) => String(each.count), css: "number" },
      { text: (each) => clock(each.last) },
      {
        label: "Explain",
        name: (each) => `Explain ${each.protocol} from ${each.source} to ${each.target}`,
        press: explain,
      },
    ],
  );
  return show;
}

export function addressesTable() {
  return rows(byId("addresses"), byId("no-addresses"), (each) => each.allocation, [
    { text: (each) => each.address, isHeader: true },
    { text: (each) => each.allocation, css: "name" },
    { text: (each) => each.region },
    { text: (each) => each.stack ?? "–" },
    { text: (each) => each.used_by ?? "not used", css: "name" },
  ]);
}

const place = (name, address) => (name ? `${name} (${address})` : address);

// Returns `show(functions, counts, addresses)` and `choose(arn)`. `addresses` has, by elastic IP, whose it is.
export function invocation() {
  const [select, payload, status] = [byId("invoke-function"), byId("invoke-payload"), byId("invoke-status")];
  const answer = byId("invoke-answer");
  let [counts, owners, isEdited] = [{}, new Map(), false];

  function prefill() {
    if (!isEdited) payload.value = counts[select.value]?.last_payload ?? "{}";
  }

  select.addEventListener("change", () => {
    isEdited = false;
    prefill();
  });
  payload.addEventListener("input", () => {
    isEdited = true;
  });
  byId("invoke").addEventListener("submit", async (event) => {
    event.preventDefault();
    let value;
    try {
      value = JSON.parse(payload.value);
    } catch (error) {
      setText(status, `the payload is not JSON: ${error.message}`);
      payload.focus();
      return;
    }
    setText(status, "running");
    try {
      show(await act("invoke", { function: select.value, payload: value }));
    } catch (error) {
      answer.hidden = true;
      byId("invoke-more").hidden = true;
      setText(status, error.message);
    }
  });

  function show(result) {
    const owner = [...owners].find(([address]) => result.payload.includes(`"${address}"`));
    const way = owner && !result.failed ? `, leaves through ${owner[1]}` : "";
    setText(status, `${result.failed ? "✗ failed" : "✓ answered"} in ${milliseconds(result.duration_ms)}${way}`);
    status.classList.toggle("bad", result.failed);
    setText(answer, result.payload);
    answer.hidden = false;
    setText(byId("invoke-log"), result.log ?? "");
    byId("invoke-more").hidden = !result.log;
  }

  return {
    show(functions, latest, addresses) {
      [counts, owners] = [latest, addresses];
      byId("invoke").hidden = functions.length === 0;
      const before = select.value;
      setOptions(select, functions.map((each) => [each.arn, each.name]));
      if (select.value !== before) prefill();
    },
    choose(arn) {
      select.value = arn;
      isEdited = false;
      prefill();
      payload.focus();
      byId("invoke").scrollIntoView({ block: "nearest" });
    },
  };
}
