"use strict";
(() => {
  const read = (element) => JSON.parse(element.textContent);
  const { name, texts } = read(document.getElementById("shared"));
  let lower = [];
  const HEIGHT = 30;
  const SPARE = 20;
  const MOST_PRINTED = 2000;
  const FORMULA = /((?:^|;) *)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };
  const shown = (cell, column) => {
    if (cell === null || cell === undefined) return "-";
    if (typeof cell === "boolean") return cell ? "yes" : "no";
    if (!column.number) return texts[cell];
    return column.fractions ? cell.toFixed(2) : String(cell);
  };
  const textInCsv = (whole) => {
    const text = whole.replace(FORMULA, "$1'");
    return /[",\n\r;]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const inCsv = (cell, column) => {
    if (cell === null || cell === undefined) return "";
    if (column.fractions && Number.isInteger(cell)) return cell.toFixed(1);
    if (typeof cell === "boolean" || column.number) return String(cell);
    return textInCsv(texts[cell]);
  };
  const debounced = (step) => {
    let waiting = 0;
    return () => {
      clearTimeout(waiting);
      waiting = setTimeout(step, 60);
    };
  };

  class Table {
    constructor(place, section) {
      this.section = section;
      this.columns = section.columns.map((column, place) => ({ ...column, place })).filter((one) => one.people);
      this.rows = section.rows;
      this.found = this.rows;
      this.current = -1;
      this.sorted = null;
      this.body = element("tbody");
      this.build(place);
      this.arrange();
    }

    build(place) {
      this.filter = element("input", {
        type: "search", placeholder: "Filter: all of these words", "aria-label": "Filter the rows: all of these words",
        oninput: debounced(() => this.narrow()),
      });
      this.choices = this.columns.filter((column) => this.isChoice(column)).map((column) => this.choice(column));
      this.count = element("span", { role: "status", "aria-live": "polite" });
      const save = element("button", { type: "button", onclick: () => this.download() }, "Download these rows as CSV");
      const tools = element("div", { class: "tools" }, this.filter, ...this.choices.map((one) => one.field), save, this.count);
      this.heads = this.columns.map((column) =>
        element("th", { scope: "col", class: column.number ? "number" : "text" },
          element("button", { type: "button", onclick: () => this.sort(column) }, column.heading)));
      const widths = this.columns.map((column) => element("col"));
      widths.forEach((one, number) => { one.style.width = `${this.width(this.columns[number])}ch`; });
      this.scroller = element("div", {
        class: "scroller", tabindex: "0", role: "region", "aria-label": "Rows; arrow keys move, Enter shows the whole row",
        onscroll: () => requestAnimationFrame(() => this.draw()), onkeydown: (event) => this.key(event),
      }, element("table", {}, element("colgroup", {}, ...widths), element("thead", {}, element("tr", {}, ...this.heads)), this.body));
      this.detail = element("dl", { class: "row hidden", "aria-live": "polite" });
      if (this.section.total) this.scroller.firstChild.append(this.total(this.section.total));
      for (const plain of place.querySelectorAll(".plain, noscript")) plain.remove();
      place.append(tools, this.scroller, this.detail);
      new ResizeObserver(() => this.draw()).observe(this.scroller);
    }

    total(row) {
      const cells = this.columns.map((column) => {
        const text = shown(row[column.place], column);
        return element("td", { class: column.number ? "number" : "text", title: text }, text);
      });
      return element("tfoot", {}, element("tr", {}, ...cells));
    }

    isChoice(column) {
      return !column.number && column.words.length > 0;
    }

    choice(column) {
      const used = new Set(this.rows.map((row) => row[column.place]));
      const options = column.words.filter((word) => used.has(texts.indexOf(word)));
      const field = element("select", { "aria-label": `Only rows whose ${column.heading} is`, onchange: () => this.narrow() },
        element("option", { value: "" }, `${column.heading}: all`),
        ...options.map((word) => element("option", { value: word }, word)));
      return { column, field };
    }

    width(column) {
      let most = column.heading.length + 4;
      for (const row of this.rows) {
        const cell = row[column.place];
        const length = column.number || typeof cell !== "number" ? 6 : texts[cell].length;
        if (length > most) most = length;
      }
      return Math.min(most, 36) * 0.92 + 2.5;
    }

    narrow() {
      if (!lower.length) lower = texts.map((text) => text.toLowerCase());
      const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      const hits = words.map((word) => Uint8Array.from(lower, (text) => (text.includes(word) ? 1 : 0)));
      const wanted = this.choices.filter((one) => one.field.value)
        .map((one) => [one.column.place, texts.indexOf(one.field.value)]);
      const numbers = this.section.columns.map((column) => column.number);
      const values = words.map(Number);
      const has = (row, hit, value) => {
        for (let place = 0; place < row.length; place += 1) {
          const cell = row[place];
          if (typeof cell === "number" && (numbers[place] ? cell === value : hit[cell] === 1)) return true;
        }
        return false;
      };
      this.found = this.rows.filter((row) =>
        wanted.every(([place, text]) => row[place] === text) && hits.every((hit, number) => has(row, hit, values[number])));
      this.current = -1;
      this.arrange();
    }

    sort(column) {
      const again = this.sorted && this.sorted.column === column;
      this.sorted = { column, down: again ? !this.sorted.down : false };
      this.heads.forEach((head, number) => {
        if (this.columns[number] === column) head.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      this.arrange();
    }

    arrange() {
      if (this.sorted) {
        const { column, down } = this.sorted;
        const rank = this.ranks(column);
        const sign = down ? -1 : 1;
        const of = (cell) => (cell === null ? Infinity : sign * (typeof cell === "number" ? rank(cell) : Number(cell)));
        this.found = this.found.map((row) => [of(row[column.place]), row])
          .sort((one, other) => one[0] - other[0]).map(([, row]) => row);
      }
      const all = this.rows.length.toLocaleString("en");
      this.count.textContent = `${this.found.length.toLocaleString("en")} of ${all} rows`;
      this.scroller.scrollTop = 0;
      this.detail.classList.add("hidden");
      this.draw();
    }

    ranks(column) {
      if (column.number) return (cell) => cell;
      const used = [...new Set(this.rows.map((row) => row[column.place]).filter((cell) => typeof cell === "number"))];
      const order = new Map(column.words.map((word, place) => [word, String(place).padStart(12, "0")]));
      const keys = used.map((cell) => [order.get(texts[cell]) ?? texts[cell].toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0")), cell]);
      keys.sort((one, other) => (one[0] < other[0] ? -1 : one[0] > other[0] ? 1 : 0));
      const ranks = new Map(keys.map(([, cell], place) => [cell, place]));
      return (cell) => ranks.get(cell);
    }

    draw(all) {
      const first = all ? 0 : Math.max(0, Math.floor(this.scroller.scrollTop / HEIGHT) - SPARE);
      const room = Math.ceil(this.scroller.clientHeight / HEIGHT) + 2 * SPARE;
      const last = Math.min(this.found.length, all ? MOST_PRINTED : first + room);
      const rows = this.found.slice(first, last).map((row, number) => this.row(row, first + number));
      this.body.replaceChildren(this.space(first), ...rows, this.space(all ? 0 : this.found.length - last));
    }

    space(rows) {
      const cell = element("td", { colspan: String(this.columns.length) });
      cell.style.height = `${rows * HEIGHT}px`;
      return element("tr", { class: "space", "aria-hidden": "true" }, cell);
    }

    row(row, number) {
      const cells = this.columns.map((column) => {
        const text = shown(row[column.place], column);
        const look = column.words.includes(text) ? ` ${text}` : "";
        return element("td", { class: `${column.number ? "number" : "text"}${look}`, title: text }, text);
      });
      const made = element("tr", { onclick: () => this.select(number, true) }, ...cells);
      if (number === this.current) made.classList.add("current");
      return made;
    }

    select(number, opens) {
      this.current = Math.max(0, Math.min(this.found.length - 1, number));
      const top = this.current * HEIGHT;
      const room = this.scroller.clientHeight - 2 * HEIGHT;
      if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
      else if (top > this.scroller.scrollTop + room) this.scroller.scrollTop = top - room;
      this.draw();
      if (opens) this.show();
      else this.detail.classList.add("hidden");
    }

    show() {
      const row = this.found[this.current];
      if (!row) return;
      const facts = this.section.columns.map((column, place) => [column, row[place]])
        .filter(([column, cell]) => cell !== null && shown(cell, column) !== "");
      this.detail.replaceChildren(...facts.flatMap(([column, cell]) =>
        [element("dt", {}, column.heading), element("dd", {}, shown(cell, column))]));
      this.detail.classList.remove("hidden");
    }

    key(event) {
      const page = Math.max(1, Math.floor(this.scroller.clientHeight / HEIGHT) - 2);
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
      if (event.target !== this.scroller) return;
      if (event.key in steps) this.select(this.current + steps[event.key], false);
      else if (event.key === "Enter") this.show();
      else if (event.key === "Escape") this.detail.classList.add("hidden");
      else return;
      event.preventDefault();
    }

    download() {
      const columns = this.section.columns.map((column, place) => ({ ...column, place })).filter((one) => one.data);
      const same = Object.values(this.section.same).map(textInCsv);
      const lines = [[...columns.map((column) => column.key), ...Object.keys(this.section.same)],
        ...this.found.map((row) => [...columns.map((column) => inCsv(row[column.place], column)), ...same])];
      const content = new Blob(lines.map((line) => `${line.join(",")}\n`), { type: "text/csv" });
      const link = element("a", { href: URL.createObjectURL(content), download: `${name}-${this.section.key}.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }
  }

  const tables = [];
  for (const place of document.querySelectorAll("details.data")) {
    const rows = document.querySelector(`script[data-rows="${CSS.escape(place.dataset.key)}"]`);
    const open = () => {
      if (!place.open || place.dataset.built) return;
      place.dataset.built = "yes";
      const section = read(rows);
      if (section.rows.length) tables.push(new Table(place, section));
    };
    place.addEventListener("toggle", open);
    open();
  }
  const opened = () => {
    const target = location.hash && document.getElementById(location.hash.slice(1));
    const first = document.querySelector("details.data");
    if (target && target.id === "tables" && first) first.open = true;
  };
  addEventListener("hashchange", opened);
  const closed = [];
  addEventListener("beforeprint", () => {
    closed.push(...document.querySelectorAll("details.further:not([open])"));
    for (const one of closed) one.open = true;
    for (const table of tables) table.draw(true);
  });
  addEventListener("afterprint", () => {
    for (const one of closed.splice(0)) one.open = false;
    for (const table of tables) table.draw();
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select")) return;
    const table = tables.find((one) => one.scroller.offsetParent);
    if (!table) return;
    table.filter.focus();
    event.preventDefault();
  });
  opened();
})();
