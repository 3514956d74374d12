// Why packets pass or do not pass: the form, and the answers of the lab.

import { act } from "./lab.js";
import { byId, element, setOptions, setText } from "./dom.js";
import { protocol } from "./format.js";
import { allCards, flows } from "./model.js";

const MOST = 12; // flows explained at a time

// Returns `update(pictures, hosts)`, which fills the selects; `card(key)` and `drop(drop)`, which explain.
export function explanations() {
  const form = byId("explain");
  const [source, target] = [byId("why-source"), byId("why-target")];
  const [kind, port] = [byId("why-protocol"), byId("why-port")];
  let shown = { pictures: [], hosts: [] };
  let asked = 0;

  kind.addEventListener("change", () => {
    port.disabled = kind.value === "icmp";
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const number = kind.value === "icmp" || port.value === "" ? null : Number(port.value);
    const title = `${chosenText(source)} to ${chosenText(target)}, ${protocol(kind.value, number)}`;
    explain([{ source: source.value, target: target.value, protocol: kind.value, port: number, title }]);
  });

  function update(pictures, hosts) {
    shown = { pictures, hosts };
    const interfaces = pictures.flatMap(allCards).filter((each) => each.zone !== null);
    const internet = ["internet", "the internet"];
    setOptions(source, [...options(interfaces, (each) => each.kind === "lambda"), internet]);
    setOptions(target, [...options(interfaces, (each) => each.port), internet, ...hosts.map((each) => [each.name, each.name])]);
  }

  async function explain(asking) {
    asked += 1;
    const mine = asked;
    const some = asking.slice(0, MOST);
    setText(byId("why-status"), some.length ? "asking the lab" : "No function sends packets there.");
    byId("why-answer").replaceChildren();
    const answers = await Promise.all(some.map(answerOf));
    if (mine !== asked) return; // another question was asked meanwhile
    byId("why-answer").replaceChildren(...answers.map((each) => answerElement(each, answers.length === 1)));
    const passing = answers.filter((each) => each.answer?.passes).length;
    if (some.length) setText(byId("why-status"), `${passing} of ${answers.length} ${answers.length === 1 ? "flow passes" : "flows pass"}.`);
    byId("why-answer").scrollIntoView({ block: "nearest" });
  }

  return {
    update,
    card(key) {
      const picture = shown.pictures.find(
        (each) => each.internetGateway === key || allCards(each).some((card) => card.key === key),
      );
      const hosts = shown.hosts;
      const asking = picture ? flows(picture, hosts, key) : shown.pictures.flatMap((each) => flows(each, hosts, key));
      return explain(asking);
    },
    drop(drop) {
      const names = [drop.source_name ?? drop.source, drop.target_name ?? drop.target];
      const title = `${names.join(" to ")}, ${protocol(drop.protocol, drop.port)}`;
      const { source: from, target: to } = drop;
      return explain([{ source: from, target: to, protocol: drop.protocol, port: drop.port, title }]);
    },
  };
}

// Interfaces as options, those that `isFirst` says before the others.
function options(interfaces, isFirst) {
  const first = interfaces.filter(isFirst);
  const others = interfaces.filter((each) => !isFirst(each));
  return [...first, ...others].map((each) => [each.key, each.fullName]);
}

const chosenText = (select) => select.selectedOptions[0]?.textContent ?? "";

async function answerOf({ title, ...question }) {
  try {
    return { title, answer: await act("explain", question) };
  } catch (error) {
    return { title, error: error.message };
  }
}

function answerElement({ title, answer, error }, isOpen) {
  if (error) return element("p", { class: "answer bad" }, `✗ ${title}: ${error}`);
  const verdict = element("strong", { class: answer.passes ? "good" : "bad" }, answer.passes ? "✓ passes" : "✗ does not pass");
  const heading = element("summary", {}, verdict, ` ${title}`);
  const steps = answer.steps.map((step) =>
    element(
      "li",
      {},
      element("strong", { class: step.passes ? "good" : "bad" }, step.passes ? "✓ " : "✗ "),
      element("span", { class: "stage" }, step.stage),
      element("br"),
      step.why,
    ),
  );
  const details = element("details", {}, heading, element("p", {}, answer.summary), element("ol", { class: "steps" }, ...steps));
  details.open = isOpen;
  return details;
}
