// The live picture of a VPC: drawn once for a topology and a width, then only its texts and ways change.

import { setAttributes, setText, shape } from "./dom.js";
import { bytes, count } from "./format.js";
import { layout } from "./layout.js";
import { allCards } from "./model.js";

const ICONS = {
  function: ["M9 7.5h2.6l6.3 13H20.5M13 13.2L8.6 20.5"],
  node: ["M8 9.5a6 2.8 0 1 0 12 0a6 2.8 0 1 0-12 0v9c0 1.6 2.7 2.8 6 2.8s6-1.2 6-2.8v-9M8 14c0 1.6 2.7 2.8 6 2.8s6-1.2 6-2.8"],
  endpoint: ["M7 14h7M14 9.5a4.5 4.5 0 0 1 0 9zM18.5 11.5h3M18.5 16.5h3"],
  nat: ["M8 20.5v-3.5a4 4 0 0 1 4-4h8M16.5 9.5l3.8 3.5-3.8 3.5"],
  host: ["M7 14a7 7 0 1 0 14 0 7 7 0 1 0-14 0zM7 14h14M14 7c-4 4-4 10 0 14M14 7c4 4 4 10 0 14"],
  gateway: ["M10.5 19.5v-11M7 12l3.5-3.5L14 12M17.5 8.5v11M14 16l3.5 3.5L21 16"],
  interface: ["M8 10h12v8H8zM11 18v3M17 18v3"],
};
const NONE = { packets: 0, bytes: 0, packets_per_second: 0, bytes_per_second: 0 };
const LETTER = 0.58; // the width of a letter, of the size of its font; bold ones are wider
const BOLD = 0.66;

// Draws `picture` (of model.js) into `parent` and returns a function that shows traffic, faults and drops.
// `activated(key)` is called when a person clicks a card, or presses Enter or Space on it.
export function draw(parent, picture, hosts, activated) {
  const places = layout(picture, hosts, Math.max(300, Math.floor(parent.clientWidth)));
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const parts = [];
  const svg = shape("svg", {
    width: places.width,
    height: places.height,
    viewBox: `0 0 ${places.width} ${places.height}`,
    role: "group",
    "aria-label": `${picture.title}: its zones, interfaces and ways`,
  });
  svg.append(rect(places.internet.frame, "frame internet", 8), text(15, 21, "label internet", "the internet"));
  const vpcTitle = text(16, places.height - 12, "label vpc", "");
  svg.append(rect(places.vpc, "frame vpc", 8), vpcTitle);
  parts.push((state) => setText(vpcTitle, vpcText(picture, state)));
  for (const zone of places.zones) parts.push(drawZone(svg, zone));
  drawLocal(svg, places);
  for (const out of places.outs) parts.push(drawWay(svg, out, "out"));
  for (const way of places.ways) parts.push(drawWay(svg, way, "stub"));
  if (places.bar) parts.push(drawBar(svg, places.bar, picture.internetGateway, activated));
  for (const out of places.outs) if (out.pillY) drawPill(svg, out);
  for (const { host, box } of places.internet.hosts) parts.push(drawHost(svg, host, box, activated));
  for (const each of places.cards) parts.push(drawCard(svg, each, activated));
  parent.replaceChildren(svg);
  if (focused) [...svg.querySelectorAll(".hit")].find((each) => each.dataset.key === focused)?.focus();
  return (state) => {
    const seen = { traffic: state.traffic, faulty: state.faulty, dropped: droppedBy(picture, state.drops) };
    for (const show of parts) show(seen);
  };
}

// Returns the number of packets that the groups or the ACL of an interface dropped, by its card's key.
function droppedBy(picture, drops) {
  const keys = new Set(allCards(picture).map((each) => each.key));
  const dropped = new Map();
  for (const { interface: key, count: more } of drops) {
    if (keys.has(key)) dropped.set(key, (dropped.get(key) ?? 0) + more);
  }
  return dropped;
}

const faultOf = (card, faulty) => card.ids.map((id) => faulty[id]).find(Boolean) ?? null;
const trafficOf = (key, traffic) => ({ sent: NONE, received: NONE, ...traffic[key] });

function vpcText(picture, { faulty }) {
  const dns = faulty[picture.id] ? `  ✗ DNS ${faulty[picture.id]}` : "";
  return `${picture.title}  ${picture.note}${dns}`;
}

function drawZone(svg, { zone, box, subnets, bus }) {
  const frame = rect(box, "frame zone", 8);
  const title = text(box.x + 12, box.y + 19, `label zone ${zone.colour}`, zone.name);
  svg.append(frame, title);
  for (const { subnet, box: place } of subnets) {
    svg.append(rect(place, `frame ${subnet.kind}`, 6), text(place.x + 10, place.y + 19, "label", subnet.title));
    svg.append(text(place.right - 10, place.y + 19, "note end", subnet.cidr));
    if (subnet.route) {
      const css = subnet.route.isBroken ? "bad" : `route ${zone.colour}`;
      svg.append(fitted(place.x + 10, place.y + 38, css, subnet.route.text, place.width - 20, 12));
    }
  }
  svg.append(shape("path", { class: `bus ${zone.colour}`, d: `M${bus.x} ${bus.top}V${bus.bottom}` }));
  return ({ faulty }) => {
    const mode = faulty[zone.name];
    setText(title, mode ? `${zone.name}  ✗ zone ${mode}` : zone.name);
    frame.classList.toggle("faulty", Boolean(mode));
  };
}

function drawLocal(svg, places) {
  const right = places.width - 21;
  places.locals.forEach(({ x, y, right: end }) => svg.append(shape("path", { class: "local", d: `M${x} ${y}H${end}` })));
  const [first, last] = [places.locals[0], places.locals.at(-1)];
  if (!first) return;
  if (!places.isOneRow) svg.append(shape("path", { class: "local", d: `M${right} ${first.y}V${last.y}` }));
  const label = text(last.x + 10, last.y + 15, "note", "router of the VPC: local routes");
  svg.append(label);
}

function drawWay(svg, { card, colour, points }, css) {
  const line = shape("path", { d: points.map(([x, y], index) => `${index ? "L" : "M"}${x} ${y}`).join("") });
  const [[startX, startY], [nextX]] = points;
  const [x, y] = css === "out" ? [startX, startY - 10] : [(startX + nextX) / 2, startY];
  const cross = shape("path", { class: "cross", d: `M${x - 5} ${y - 5}l10 10m0-10l-10 10` });
  svg.append(line, cross);
  return ({ traffic, faulty, dropped }) => {
    const { sent, received } = trafficOf(card.traffic, traffic);
    const speed = sent.bytes_per_second + received.bytes_per_second;
    const isFaulty = Boolean(faultOf(card, faulty));
    const isCut = isFaulty || (css === "stub" && dropped.has(card.key));
    const state = isFaulty ? "faulty" : speed > 0 ? "active" : "idle";
    setAttributes(line, { class: `way ${css} ${colour} ${state}`, "stroke-width": lineWidth(speed).toFixed(1) });
    setAttributes(cross, { visibility: isCut ? "visible" : "hidden" });
  };
}

const lineWidth = (speed) => (speed > 0 ? Math.min(6, 2 + Math.log10(1 + speed) / 2) : 1.5);

function drawBar(svg, box, id, activated) {
  const detail = text(box.x + 166, box.y + 20.5, "rate", "");
  const badge = text(box.right - 14, box.y + 20.5, "bad end", "");
  svg.append(
    shape(
      "g",
      { "data-card": id },
      rect(box, "bar", box.height / 2),
      icon("gateway", box.x + 10, box.y + 2, "plain"),
      text(box.x + 42, box.y + 20.5, "label", "internet gateway"),
      detail,
      badge,
      hit(box, box.height / 2, id, "internet gateway", activated),
    ),
  );
  return ({ traffic, faulty }) => {
    const { sent, received } = trafficOf(id, traffic);
    const show = box.width < 450 ? brief : flow;
    setText(detail, `↑ ${show(received)}   ↓ ${show(sent)}`);
    setText(badge, faulty[id] ? `✗ ${faulty[id]}` : "");
  };
}

function drawPill(svg, { card, colour, x, pillY }) {
  const label = `elastic IP ${card.elasticIp}`;
  const width = label.length * 12.5 * LETTER + 24;
  svg.append(rect({ x: x - width / 2, y: pillY - 12, width, height: 24 }, `pill ${colour}`, 12), text(x, pillY + 4.5, "on-pill", label));
}

function drawHost(svg, host, box, activated) {
  const detail = text(box.x + 46, box.y + 33, "detail", host.address);
  const group = shape(
    "g",
    { "data-card": host.name },
    rect(box, "card", 6),
    badgeOf("host", "host", box, 28),
    fitted(box.x + 46, box.y + 18, "title", hostTitle(host), box.width - 54, 13, BOLD),
    detail,
    hit(box, 6, host.name, host.name, activated),
  );
  svg.append(group);
  return ({ faulty }) => {
    const mode = faulty[host.name];
    setText(detail, mode ? `✗ ${mode}` : host.address);
    detail.classList.toggle("bad", Boolean(mode));
    group.classList.toggle("faulty", Boolean(mode));
  };
}

const hostTitle = (host) => (host.function ? `function URL of ${host.function}` : host.name);

function drawCard(svg, { card, box, colour }, activated) {
  const css = card.icon === "nat" ? colour : card.icon;
  const group = shape("g", { "data-card": card.key }, rect(box, "card", 6), badgeOf(card.icon, css, box, 28));
  const title = fitted(box.x + 46, box.y + 18, "title", card.title, box.width - 54, 13, BOLD);
  const [up, down] = [text(box.x + 46, box.y + 34, "rate", ""), text(box.x + 46, box.y + 49, "rate", "")];
  const badge = text(box.right - 9, box.y + 34, "bad end", "");
  const isNarrow = box.width < 265; // then only an elastic IP has room, beside the title
  const note = fitted(box.right - 9, box.y + (isNarrow ? 18 : 49), "detail end", card.elasticIp ?? card.address, 150, 12);
  group.append(title, up, down, badge, ...(isNarrow && !card.elasticIp ? [] : [note]));
  const total = shape("title");
  group.append(hit(box, 6, card.key, card.fullName, activated, total));
  svg.append(group);
  return ({ traffic, faulty, dropped }) => {
    const { sent, received } = trafficOf(card.traffic, traffic);
    const mode = faultOf(card, faulty);
    const drops = dropped.get(card.key);
    const state = mode ? `✗ ${mode}` : drops ? `✗ ${count(drops)} dropped` : "";
    const show = isNarrow && state ? brief : flow;
    setText(up, `↑ ${show(sent)}`);
    setText(down, `↓ ${show(received)}`);
    setText(badge, state);
    setText(total, `${card.address}: sent ${sum(sent)}, received ${sum(received)} so far`);
    group.classList.toggle("faulty", Boolean(mode));
  };
}

const brief = (each) => `${count(each.packets_per_second)} p/s`;
const flow = (each) => `${count(each.packets_per_second)} packets/s, ${bytes(each.bytes_per_second)}/s`;

const sum = (each) => `${each.packets} packets, ${bytes(each.bytes)}`;

// A transparent button over a card: a click, Enter and Space activate it.
function hit(box, radius, key, name, activated, ...children) {
  const button = rect(box, "hit", radius);
  button.append(...children);
  setAttributes(button, { role: "button", tabindex: "0", "data-key": key, "aria-label": `${name}: explain its packets` });
  button.addEventListener("click", () => activated(key));
  button.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    activated(key);
  });
  return button;
}

function badgeOf(name, css, box, size) {
  const [x, y] = [box.x + 8, box.y + (box.height - size) / 2];
  return shape("g", {}, rect({ x, y, width: size, height: size }, `badge ${css}`, 6), icon(name, x, y, "on-badge"));
}

function icon(name, x, y, css) {
  return shape("g", { class: `icon ${css}`, transform: `translate(${x} ${y})` }, ...ICONS[name].map((d) => shape("path", { d })));
}

function rect({ x, y, width, height }, css, radius) {
  return shape("rect", { class: css, x, y, width, height, rx: radius });
}

function text(x, y, css, content) {
  return shape("text", { class: css, x, y }, content);
}

// Text that is cut to a width; a tooltip has the whole.
function fitted(x, y, css, content, width, size, letter = LETTER) {
  const letters = Math.floor(width / (size * letter));
  if (content.length <= letters) return text(x, y, css, content);
  const cut = text(x, y, css, `${content.slice(0, Math.max(1, letters - 1))}…`);
  cut.append(shape("title", {}, content));
  return cut;
}
