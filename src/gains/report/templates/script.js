"use strict";
// Sorting by a click on a heading, and a field above each longer table that filters its rows.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  table.querySelectorAll("thead th").forEach((heading, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") !== "descending";
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => compare(a.cells[index], b.cells[index]));
      body.append(...(down ? rows.reverse() : rows));
    });
  });
  if (body.rows.length < 5) continue;
  const label = document.createElement("label");
  const field = document.createElement("input");
  field.type = "search";
  label.className = "filter";
  label.append("Rows that contain: ", field);
  table.parentElement.before(label);
  field.addEventListener("input", () => {
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLowerCase().includes(field.value.toLowerCase());
    }
  });
}
function compare(a, b) {
  if (a.dataset.order && b.dataset.order) return a.dataset.order - b.dataset.order;
  // cells without a number come last among numbers, from the highest to the lowest
  if (a.dataset.order || b.dataset.order) return a.dataset.order ? 1 : -1;
  return a.textContent.localeCompare(b.textContent);
}
