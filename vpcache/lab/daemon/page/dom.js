// Builds and updates elements. Data becomes text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

export function shape(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) node.removeAttribute(name);
    else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

// Replaces the options of a select where they differ; the choice stays if it still exists.
// `choices` has pairs of value and text.
export function setOptions(select, choices) {
  const wanted = choices.map(([value, text]) => `${value}\n${text}`).join("\n\n");
  if (select.dataset.options === wanted) return;
  select.dataset.options = wanted;
  const chosen = select.value;
  select.replaceChildren(...choices.map(([value, text]) => element("option", { value }, text)));
  if (choices.some(([value]) => value === chosen)) select.value = chosen;
}

// Returns a function that shows items as the rows of a table. A row is kept as long as its key exists, so
// that the focus stays where it is. A column has `text`, or `label`, `name` and `press` for a button.
export function rows(table, empty, key, columns) {
  const body = table.tBodies[0];
  const headings = [...table.tHead.rows[0].cells];
  const known = new Map();
  return (items) => {
    table.hidden = items.length === 0;
    if (empty) empty.hidden = items.length > 0;
    const keys = new Set(items.map(key));
    for (const [old, row] of known) {
      if (!keys.has(old)) {
        row.element.remove();
        known.delete(old);
      }
    }
    items.forEach((item, index) => {
      const row = known.get(key(item)) ?? newRow(columns, headings);
      known.set(key(item), row);
      row.update(item);
      if (body.rows[index] !== row.element) body.insertBefore(row.element, body.rows[index] ?? null);
    });
  };
}

function newRow(columns, headings) {
  let current = null;
  const cells = columns.map((column, index) => newCell(column, headings[index], () => current));
  return {
    element: element("tr", { role: "row" }, ...cells.map((each) => each.element)),
    update(item) {
      current = item;
      for (const each of cells) each.update(item);
    },
  };
}

function newCell(column, heading, current) {
  const isHeader = Boolean(column.isHeader);
  const cell = element(isHeader ? "th" : "td", {
    role: isHeader ? "rowheader" : "cell",
    scope: isHeader ? "row" : null,
    class: [column.css, heading.className].filter(Boolean).join(" ") || null,
    "data-label": column.press ? null : heading.textContent,
  });
  if (!column.press) return { element: cell, update: (item) => setText(cell, column.text(item)) };
  const button = element("button", { type: "button" });
  button.addEventListener("click", () => column.press(current(), button));
  cell.append(button);
  const update = (item) => {
    setText(button, column.label);
    setAttributes(button, { "aria-label": column.name(item) });
  };
  return { element: cell, update };
}

function filled(node, attributes, children) {
  setAttributes(node, attributes);
  node.append(...children);
  return node;
}
