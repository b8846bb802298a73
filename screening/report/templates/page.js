"use strict";
(() => {
  const first = (chosen) => document.querySelector(chosen);
  const all = (chosen) => [...document.querySelectorAll(chosen)];
  const body = first(".ranking tbody");
  const rows = [...body.rows];
  const heads = all(".ranking thead th");

  const valueOf = (row, column) => {
    const found = row.querySelector(`[data-column="${column}"]`)?.dataset;
    return found?.value ?? found?.sort ?? "";
  };

  const compare = (column, number, sign) => (left, right) => {
    const [a, b] = [valueOf(left, column), valueOf(right, column)];
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (number ? Number(a) - Number(b) : a.localeCompare(b));
  };

  const places = new Map();

  const putBack = (opened) => {
    const details = opened.querySelector("details.symbol");
    places.get(details).replaceWith(details);
    places.delete(details);
    opened.previousElementSibling.querySelector("th a").ariaExpanded = "false";
    opened.remove();
    details.open = false;
  };

  const openInPlace = (row, link) => {
    const opened = row.nextElementSibling;
    if (opened?.classList.contains("opened")) return putBack(opened);
    const details = first(`details[data-symbol="${row.dataset.symbol}"]`);
    const place = document.createComment("");
    details.replaceWith(place);
    places.set(details, place);
    const added = document.createElement("tr");
    added.className = "opened";
    added.dataset.symbol = row.dataset.symbol;
    added.insertCell().colSpan = heads.length;
    added.cells[0].append(details);
    row.after(added);
    details.open = true;
    details.addEventListener("toggle", () => {
      if (added.isConnected && !details.open) putBack(added);
    });
    link.ariaExpanded = "true";
  };

  const sort = (head) => {
    const number = head.dataset.kind === "number" && head.dataset.column !== "rank";
    const initial = number ? "descending" : "ascending";
    const reversed = number ? "ascending" : "descending";
    const order = head.getAttribute("aria-sort") === initial ? reversed : initial;
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    all(".ranking tr.opened").forEach(putBack);
    rows.sort(compare(head.dataset.column, head.dataset.kind === "number", sign));
    body.append(...rows);
  };

  const filter = () => {
    const words = first("#find").value.trim().toLowerCase();
    const [call, data] = [first("#only-call").value, first("#only-data").value];
    const out = first("#only-out").checked;
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
    first("#shown").textContent = `${kept.length} of ${rows.length} shown`;
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
  rows.forEach((row) => {
    const link = row.querySelector("th a");
    link.ariaExpanded = "false";
    link.addEventListener("click", (click) => {
      click.preventDefault();
      openInPlace(row, link);
    });
  });
  ["#find", "#only-call", "#only-data", "#only-out"].forEach((chosen) =>
    first(chosen).addEventListener("input", filter),
  );
  const fold = (open) => () =>
    all("details.symbol:not([hidden])").forEach((each) => (each.open = open));
  first("#open-all").addEventListener("click", fold(true));
  first("#close-all").addEventListener("click", fold(false));
  all(".controls").forEach((each) => (each.hidden = false));
  window.addEventListener("hashchange", reveal);
  reveal();
  filter();
})();
