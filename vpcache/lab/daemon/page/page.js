// The page: what of it changes when which part of the lab's state changes.

import { drawDrill } from "./chart.js";
import { byId, element, setOptions, setText } from "./dom.js";
import { explanations } from "./explain.js";
import { faults } from "./faults.js";
import { logs } from "./logs.js";
import { allCards, shortName, view } from "./model.js";
import { draw } from "./picture.js";
import { follow } from "./lab.js";
import { addressesTable, dropsTable, functionsTable, invocation } from "./tables.js";

const ALL = ["stacks", "internet", "traffic", "faulty", "drops", "functions", "faults", "elastic_ips", "drill"];
let state = null;
let shows = []; // one for each VPC on the page
let drawnWidth = 0;

const why = explanations();
const faultList = faults();
const invoking = invocation();
const showFunctions = functionsTable(invoking.choose);
const showDrops = dropsTable(why.drop);
const showAddresses = addressesTable();
const log = logs();
const choice = byId("stack");

follow(
  (latest, keys, isWhole) => {
    state = latest;
    render(keys);
    if (keys.has("logs")) log.add(latest.logs, isWhole);
  },
  (text) => {
    setText(byId("connection"), text);
    byId("connection").classList.toggle("live", text === "live");
  },
);
choice.addEventListener("change", () => render(new Set(ALL)));
new ResizeObserver(() => {
  if (!state || Math.abs(byId("picture").clientWidth - drawnWidth) < 2) return;
  render(new Set(["stacks", "drill"]));
}).observe(byId("picture"));

function render(keys) {
  const any = (...names) => names.some((name) => keys.has(name));
  if (any("stacks")) {
    setOptions(choice, state.stacks.map((each) => [stackKey(each), `${each.name}, ${each.region}`]));
    byId("choose-stack").hidden = state.stacks.length < 2;
  }
  const stack = state.stacks.find((each) => stackKey(each) === choice.value) ?? state.stacks[0] ?? null;
  const functions = functionsOf(stack);
  if (any("stacks", "internet")) drawPictures(stack);
  if (any("stacks", "internet", "traffic", "faulty", "drops")) shows.forEach((show) => show(state));
  if (any("stacks", "faults", "fault_choices")) faultList.show(state, titles());
  if (any("stacks", "outside", "functions")) {
    showFunctions(functions, state.functions);
    invoking.show(functions, state.functions, owners());
    log.name(functions);
  }
  if (any("drops")) showDrops(state.drops);
  if (any("elastic_ips")) showAddresses(state.elastic_ips);
  if (any("drill")) drawDrill(state.drill);
}

const stackKey = (stack) => `${stack.region}/${stack.name}`;

function drawPictures(stack) {
  const parent = byId("picture");
  const pictures = stack ? stack.vpcs.map((vpc) => view(stack, vpc)) : [];
  const hosts = state.internet.hosts.map((each) =>
    each.function && stack ? { ...each, function: shortName(each.function, stack.name) } : each,
  );
  why.update(pictures, hosts);
  if (parent.children.length !== Math.max(pictures.length, 1)) {
    parent.replaceChildren(...pictures.map(() => element("div")));
  }
  if (!pictures.length) parent.replaceChildren(element("p", { class: "empty" }, "The lab has no VPC yet: ./inv apply makes one."));
  shows = pictures.map((picture, index) => draw(parent.children[index], picture, index ? [] : hosts, why.card));
  byId("picture-note").hidden = pictures.length === 0;
  drawnWidth = parent.clientWidth;
}

function functionsOf(stack) {
  const inside = stack ? stack.vpcs.flatMap((vpc) => vpc.functions) : [];
  const outside = state.outside.filter((each) => !stack || each.stack === stack.name || each.stack === null);
  const every = [...inside, ...outside].map((each) => ({ ...each, name: shortName(each.name, stack?.name ?? "") }));
  return [...new Map(every.map((each) => [each.arn, each])).values()];
}

// What IDs mean, for people: the cards of all stacks by the IDs that a fault can name.
function titles() {
  const named = new Map();
  for (const stack of state.stacks) {
    for (const vpc of stack.vpcs) {
      if (vpc.name) named.set(vpc.id, vpc.name);
      for (const card of allCards(view(stack, vpc))) {
        for (const id of card.ids.filter((each) => !each.includes("/"))) named.set(id, card.fullName);
      }
    }
  }
  return named;
}

// Whose each elastic IP is, by address.
function owners() {
  const gateways = state.stacks.flatMap((stack) => stack.vpcs).flatMap((vpc) => vpc.nat_gateways);
  return new Map(gateways.filter((each) => each.elastic_ip).map((each) => [each.elastic_ip, `the NAT gateway of ${each.zone}`]));
}
