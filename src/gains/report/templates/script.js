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
      const numbers = [...body.rows].some((row) => row.cells[index].dataset.order);
      // the first click shows the highest number, or the first letter
      const before = heading.getAttribute("aria-sort");
      const down = before ? before === "ascending" : numbers;
      for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sign = down ? -1 : 1;
      body.append(...[...body.rows].sort((a, b) => compare(a.cells[index], b.cells[index], sign)));
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
function compare(a, b, sign) {
  const x = a.dataset.order, y = b.dataset.order;
  if (x && y) return sign * (x - y);
  // cells without a number come last among numbers
  if (x || y) return x ? -1 : 1;
  return sign * a.textContent.localeCompare(b.textContent, "en", { numeric: true });
}
