// Numbers and times as text.

export function count(value) {
  return value > 0 && value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value).toString();
}

export function bytes(value) {
  if (value < 1000) return `${count(value)} B`;
  if (value < 1e6) return `${short(value / 1e3)} kB`;
  return value < 1e9 ? `${short(value / 1e6)} MB` : `${short(value / 1e9)} GB`;
}

export function milliseconds(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 1000) return `${short(value / 1000)} s`;
  return `${count(value)} ms`;
}

export function clock(time) {
  return new Date(time).toTimeString().slice(0, 8);
}

export function protocol(name, port) {
  return port === null || port === undefined ? name : `${name} ${port}`;
}

function short(value) {
  return value < 10 ? value.toFixed(1) : Math.round(value).toString();
}
