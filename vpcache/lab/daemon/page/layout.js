// Positions of the picture's parts for a width in CSS pixels. Pure; y points downwards.

const PAD = 14;
const CARD = { height: 56, gap: 10 };
const HOST = { height: 40, gap: 8, width: 250 };
const BAR = 32;
const ZONE_WIDTH = 250; // the least
const TITLE = 28;
const BUS = 14; // from the left edge of a zone
const INSET = 30; // of a subnet from the left edge of its zone
const LANE = 7;

const box = (x, y, width, height) => ({ x, y, width, height, right: x + width, bottom: y + height });

// Returns boxes for the hosts, the gateway, the zones, subnets and cards, and the points of the ways.
// Zones are side by side, in several rows where `width` has no room: below 530 px each has a row of its own.
export function layout(picture, hosts, width) {
  const internet = internetFrame(hosts, width);
  const columns = Math.max(1, Math.min(picture.zones.length, Math.floor((width - 2 * PAD) / ZONE_WIDTH)));
  const rowCount = Math.ceil(picture.zones.length / columns);
  const isOneRow = rowCount <= 1;
  const top = internet.frame.bottom + (picture.internetGateway ? (isOneRow ? 56 : 30) : 14);
  const bar = picture.internetGateway ? box(isOneRow ? PAD + 8 : PAD - 8, top, width - 2 * PAD - (isOneRow ? 16 : 0), BAR) : null;
  const lanes = isOneRow ? 0 : picture.zones.length * LANE + 6;
  const inner = width - 2 * PAD - lanes - (isOneRow ? 0 : 14);
  const zoneWidth = (inner - (columns - 1) * 12) / columns;
  const placed = { zones: [], cards: [], ways: [], locals: [] };
  let y = top + (bar ? BAR : 24) + 16;
  for (let row = 0; row < rowCount; row += 1) {
    const zones = picture.zones.slice(row * columns, (row + 1) * columns);
    if (!isOneRow) y += zones.length * 5;
    const height = Math.max(...zones.map(zoneHeight));
    zones.forEach((zone, column) => {
      const frame = box(PAD + lanes + column * (zoneWidth + 12), y, zoneWidth, height);
      placeZone(placed, zone, frame);
    });
    placed.locals.push({ y: y + height + 12, x: PAD + lanes + BUS, right: isOneRow ? lastBus(placed) : width - PAD - 7 });
    y += height + 28;
  }
  const wideTop = y + 6;
  const wide = picture.wide.map((card, index) => {
    const fits = Math.max(1, Math.floor((width - 2 * PAD) / 260));
    const each = (width - 2 * PAD - (fits - 1) * HOST.gap) / fits;
    const place = box(PAD + (index % fits) * (each + HOST.gap), wideTop + Math.floor(index / fits) * 66, each, CARD.height);
    return { card, box: place, colour: "" };
  });
  placed.cards.push(...wide);
  const bottom = Math.max(wideTop, ...wide.map((each) => each.box.bottom + 8));
  const vpc = box(1, top + (bar ? BAR / 2 : 0), width - 2, bottom + 30 - top - (bar ? BAR / 2 : 0));
  const outs = bar ? upward(placed, internet.frame.bottom, isOneRow ? 0 : columns) : [];
  return { ...placed, internet, bar, vpc, outs, isOneRow, width, height: vpc.bottom + 1 };
}

function internetFrame(hosts, width) {
  const fits = Math.max(1, Math.floor((width - 2 * PAD) / HOST.width));
  const each = (width - 2 * PAD - (fits - 1) * HOST.gap) / fits;
  const count = Math.ceil(hosts.length / fits);
  const frame = box(1, 1, width - 2, TITLE + 8 + count * (HOST.height + HOST.gap));
  const places = hosts.map((host, index) => ({
    host,
    box: box(PAD + (index % fits) * (each + HOST.gap), TITLE + 4 + Math.floor(index / fits) * (HOST.height + HOST.gap), each, HOST.height),
  }));
  return { frame, hosts: places };
}

function subnetHeight(subnet) {
  const count = Math.max(subnet.cards.length, 1);
  return TITLE + (subnet.route ? 18 : 0) + count * (CARD.height + CARD.gap) + 2;
}

function zoneHeight(zone) {
  return TITLE + 6 + zone.subnets.reduce((sum, subnet) => sum + subnetHeight(subnet) + 12, 0);
}

function placeZone(placed, zone, frame) {
  const subnets = [];
  const busX = frame.x + BUS;
  let y = frame.y + TITLE + 4;
  let first = null;
  for (const subnet of zone.subnets) {
    const place = box(frame.x + INSET, y, frame.width - INSET - 10, subnetHeight(subnet));
    subnets.push({ subnet, box: place });
    let cardY = y + TITLE + (subnet.route ? 18 : 0);
    for (const card of subnet.cards) {
      const cardBox = box(place.x + 14, cardY, place.width - 24, CARD.height);
      const middle = cardY + CARD.height / 2;
      placed.cards.push({ card, box: cardBox, colour: zone.colour });
      placed.ways.push({ card, colour: zone.colour, points: [[busX, middle], [cardBox.x, middle]] });
      first ??= middle;
      cardY += CARD.height + CARD.gap;
    }
    y = place.bottom + 12;
  }
  const bus = { x: busX, top: first ?? frame.bottom, bottom: frame.bottom + 12 };
  placed.zones.push({ zone, box: frame, subnets, bus });
}

const lastBus = (placed) => placed.zones.at(-1).bus.x;

// The ways of NAT gateways and of interfaces with elastic IPs through the internet gateway: straight up, or,
// in rows of several `columns`, above the row and along the left edge.
function upward(placed, internetBottom, columns) {
  const zoneOf = new Map(placed.zones.map((each, index) => [each.zone.name, { ...each, index }]));
  const counts = new Map();
  return placed.cards
    .filter(({ card }) => card.elasticIp)
    .map(({ card, box: place, colour }) => {
      const zone = zoneOf.get(card.zone);
      const before = counts.get(card.zone) ?? 0;
      counts.set(card.zone, before + 1);
      const x = place.x + place.width / 2 + before * 14;
      if (!columns) return { card, colour, x, points: [[x, place.y], [x, internetBottom]], pillY: internetBottom + 28 };
      const lane = PAD + 4 + zone.index * LANE;
      const turn = zone.box.y - 5 - (zone.index % columns) * 5;
      return { card, colour, x: lane, points: [[x, place.y], [x, turn], [lane, turn], [lane, internetBottom]], pillY: null };
    });
}
