// From the lab's state to what the picture shows: zones with subnets with cards. Pure.

import { protocol } from "./format.js";

const DEFAULT_ROUTES = ["0.0.0.0/0", "::/0"];
const KINDS = ["nat_gateway", "lambda", "cache_node", "vpc_endpoint", "interface"]; // the order of cards

// Returns a name without the stack's prefix and the zone's suffix, which the picture shows anyway.
export function shortName(name, stack, zone) {
  let text = name;
  if (text.startsWith(`${stack}-`)) text = text.slice(stack.length + 1);
  if (zone && text.endsWith(`-${zone}`)) text = text.slice(0, -zone.length - 1);
  return text;
}

// Returns a VPC as the picture shows it. A card has `key` (for traffic: the ID of its interface or gateway),
// `ids` (names by which a fault can hit it), `icon`, `title`, `address`, `zone` and `fullName`.
export function view(stack, vpc) {
  const zones = vpc.zones.map((zone, index) => ({
    name: zone.name,
    colour: `z${index % 6}`,
    subnets: [...zone.subnets]
      .sort((one, other) => Number(other.is_public) - Number(one.is_public))
      .map((subnet) => ({
        id: subnet.id,
        title: subnet.is_public ? "public subnet" : "private subnet",
        kind: subnet.is_public ? "public" : "private",
        cidr: subnet.cidr,
        route: subnet.is_public ? null : routeText(subnet, vpc),
        cards: cards(stack, vpc, zone, subnet),
      })),
  }));
  const gateways = vpc.endpoints.filter((each) => each.type === "gateway");
  return {
    id: vpc.id,
    title: `VPC ${vpc.name ?? vpc.id}`,
    note: [...vpc.cidrs, ...vpc.ipv6_cidrs].join(", "),
    internetGateway: vpc.internet_gateway,
    zones,
    wide: gateways.map((each) => ({
      key: each.id,
      ids: [each.id],
      icon: "endpoint",
      title: `gateway endpoint ${each.service}`,
      fullName: `gateway endpoint ${each.service}`,
      address: each.id,
      zone: null,
      traffic: each.id,
    })),
  };
}

function routeText(subnet, vpc) {
  const route = subnet.routes.find((each) => DEFAULT_ROUTES.includes(each.destination));
  if (!route) return { text: "no default route", isBroken: false };
  if (route.is_blackhole) return { text: `${route.destination} → black hole`, isBroken: true };
  const gateway = vpc.nat_gateways.find((each) => each.id === route.target);
  const target = gateway ? `NAT gateway ${gateway.zone}` : route.target;
  return { text: `${route.destination} → ${target}`, isBroken: false };
}

function cards(stack, vpc, zone, subnet) {
  return vpc.interfaces
    .filter((each) => each.subnet === subnet.id)
    .map((each) => card(stack, vpc, zone, each))
    .sort((one, other) => KINDS.indexOf(one.kind) - KINDS.indexOf(other.kind) || one.title.localeCompare(other.title));
}

function card(stack, vpc, zone, each) {
  const common = {
    key: each.id,
    ids: [each.id],
    kind: each.kind,
    address: each.address,
    zone: zone.name,
    traffic: each.id,
    elasticIp: each.elastic_ip,
  };
  const named = (icon, title) => ({ ...common, icon, title, fullName: `${title} in ${zone.name}` });
  const gateway = vpc.nat_gateways.find((nat) => nat.interface === each.id);
  if (gateway) return { ...named("nat", "NAT gateway"), ids: [each.id, gateway.id], serves: gateway.serves };
  const node = vpc.cache_nodes.find((one) => one.interface === each.id);
  if (node) {
    const cluster = new Set(vpc.cache_nodes.map((one) => one.cluster)).size > 1 ? `${node.cluster}/` : "";
    return { ...named("node", `memcached ${cluster}${node.node}`), ids: [each.id, node.id], port: node.port };
  }
  const cache = vpc.serverless_caches.find((one) => one.interfaces.includes(each.id));
  if (cache) return { ...named("node", `serverless ${cache.name}`), port: 11211 };
  const endpoint = vpc.endpoints.find((one) => one.interfaces.includes(each.id));
  if (endpoint) return { ...named("endpoint", `endpoint ${endpoint.service}`), port: 443 };
  const names = each.users.map((name) => shortName(name, stack.name, zone.name)).join(", ");
  if (each.kind === "lambda") return named("function", names || "function");
  return named("interface", names || each.id);
}

// Returns all cards of a view.
export function allCards(picture) {
  return [...picture.zones.flatMap((zone) => zone.subnets.flatMap((subnet) => subnet.cards)), ...picture.wide];
}

// Returns the flows that the card with `key` takes part in: from, to, protocol and port, to be explained.
export function flows(picture, hosts, key) {
  const every = allCards(picture);
  const functions = every.filter((each) => each.kind === "lambda");
  const stores = every.filter((each) => each.port);
  const host = hosts.find((each) => each.name === key);
  if (host) return functions.map((each) => flow(each, host.name, host.name, 443));
  if (key === picture.internetGateway) {
    return every.filter((each) => each.elasticIp).map((each) => flow(each, "internet", "the internet", 443));
  }
  const chosen = every.find((each) => each.key === key);
  if (!chosen) return [];
  if (chosen.port) return functions.map((each) => flow(each, chosen.key, chosen.fullName, chosen.port));
  if (chosen.serves) {
    const served = picture.zones.flatMap((zone) => zone.subnets).filter((each) => chosen.serves.includes(each.id));
    const sources = [...served.flatMap((each) => each.cards).filter((each) => each.kind === "lambda"), chosen];
    return sources.map((each) => flow(each, "internet", "the internet", 443));
  }
  if (chosen.zone === null) return functions.map((each) => flow(each, "internet", "the internet", 443));
  return [
    ...stores.map((each) => flow(chosen, each.key, each.fullName, each.port)),
    flow(chosen, "internet", "the internet", 443),
  ];
}

function flow(source, target, targetName, port) {
  return {
    source: source.key,
    target,
    protocol: "tcp",
    port,
    title: `${source.fullName} to ${targetName}, ${protocol("tcp", port)}`,
  };
}
