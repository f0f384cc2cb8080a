"use strict";
(() => {
  const STEP = 100;
  const data = JSON.parse(document.getElementById("data").textContent);
  const heads = ["result", "photo", "IoU", "precision", "recall", "border F", "hand"];
  const find = document.getElementById("find"), which = document.getElementById("which");
  const more = document.getElementById("more"), count = document.getElementById("count");
  const head = document.querySelector("#photos-table thead tr"), body = document.querySelector("#photos-table tbody");
  const state = { column: 2, up: true, shown: STEP };

  function compare(a, b) {
    const one = a[state.column], other = b[state.column];
    const order = typeof one === "string" ? one.localeCompare(other, undefined, { numeric: true }) : one - other;
    return state.up ? order : -order;
  }

  function wanted() {
    const text = find.value.toLowerCase(), result = which.value;
    return data.rows.filter(row => (result === "" || row[0] === Number(result)) && row[1].toLowerCase().includes(text));
  }

  function cell(row, column) {
    const element = document.createElement("td"), value = row[column];
    element.textContent = column === 0 ? data.results[value] : column === 1 ? value :
      column === 6 ? (100 * value).toFixed(1) + " %" : value.toFixed(3);
    return element;
  }

  function draw() {
    const rows = wanted().sort(compare);
    body.replaceChildren(...rows.slice(0, state.shown).map(row => {
      const line = document.createElement("tr");
      line.append(...heads.map((_, column) => cell(row, column)));
      return line;
    }));
    more.hidden = rows.length <= state.shown;
    const cut = data.total > data.rows.length ?
      ` Of ${data.total.toLocaleString("en")}, the worst ${data.rows.length.toLocaleString("en")} are on this page; --json FILE has all.` : "";
    count.textContent = `${rows.length.toLocaleString("en")} photos.${cut}`;
    [...head.children].forEach((each, column) => {
      if (column === state.column) each.setAttribute("aria-sort", state.up ? "ascending" : "descending");
      else each.removeAttribute("aria-sort");
    });
  }

  heads.forEach((name, column) => {
    const cell = document.createElement("th"), button = document.createElement("button");
    button.textContent = name;
    button.type = "button";
    button.addEventListener("click", () => {
      state.up = state.column === column ? !state.up : true;
      state.column = column;
      draw();
    });
    cell.append(button);
    head.append(cell);
  });
  data.results.forEach((name, number) => which.append(new Option(name, String(number))));
  which.hidden = data.results.length < 2;
  for (const each of [find, which]) each.addEventListener("input", () => { state.shown = STEP; draw(); });
  more.addEventListener("click", () => { state.shown += STEP; draw(); });
  for (const figure of document.querySelectorAll("figure")) {
    const turn = () => figure.classList.toggle("large");
    figure.addEventListener("click", turn);
    figure.addEventListener("keydown", event => { if (event.key === "Enter") turn(); });
  }
  draw();
})();
