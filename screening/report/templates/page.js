"use strict";
(() => {
  const one = (chosen) => document.querySelector(chosen);
  const all = (chosen) => [...document.querySelectorAll(chosen)];
  const body = one(".ranking tbody");
  const rows = [...body.rows];
  const heads = all(".ranking thead th");

  const valueOf = (row, column) =>
    row.querySelector(`[data-column="${column}"]`)?.dataset.value ?? "";

  const compared = (column, number, sign) => (left, right) => {
    const [a, b] = [valueOf(left, column), valueOf(right, column)];
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (number ? Number(a) - Number(b) : a.localeCompare(b));
  };

  const sort = (head) => {
    const number = head.dataset.kind === "number" && head.dataset.column !== "rank";
    const first = number ? "descending" : "ascending";
    const second = number ? "ascending" : "descending";
    const order = head.getAttribute("aria-sort") === first ? second : first;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    rows.sort(compared(head.dataset.column, head.dataset.kind === "number", sign));
    body.append(...rows);
  };

  const filter = () => {
    const words = one("#find").value.trim().toLowerCase();
    const [call, data] = [one("#only-call").value, one("#only-data").value];
    const out = one("#only-out").checked;
    const kept = rows.filter(
      (row) =>
        row.cells[1].textContent.toLowerCase().includes(words) &&
        (!call || valueOf(row, "prediction") === call) &&
        (!data || valueOf(row, "data_status") === data) &&
        (!out || "out" in row.dataset),
    );
    const names = new Set(kept.map((row) => row.dataset.symbol));
    all("tr[data-symbol], details[data-symbol]").forEach((each) => {
      each.hidden = !names.has(each.dataset.symbol);
    });
    one("#shown").textContent = `${kept.length} of ${rows.length} shown`;
  };

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target && target.closest("details");
    if (folded && !folded.open) {
      folded.open = true;
      target.scrollIntoView();
    }
  };

  heads.forEach((head) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  });
  ["#find", "#only-call", "#only-data", "#only-out"].forEach((chosen) =>
    one(chosen).addEventListener("input", filter),
  );
  const fold = (open) => () =>
    all("details.symbol:not([hidden])").forEach((each) => (each.open = open));
  one("#open-all").addEventListener("click", fold(true));
  one("#close-all").addEventListener("click", fold(false));
  all(".controls").forEach((each) => (each.hidden = false));
  window.addEventListener("hashchange", reveal);
  reveal();
  filter();
})();
