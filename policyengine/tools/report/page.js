"use strict";
// The list is unpacked when the page opens, a piece of details when somebody asks for a reason; one page of rows at a time.
(async () => {
  const $ = id => document.getElementById(id);
  const unpack = async id => {
    const bytes = Uint8Array.from(atob($(id).textContent.trim()), c => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  if (typeof DecompressionStream === "undefined") { $("status").textContent = $("status").dataset.old; return; }
  const data = await unpack("index"), { columns: c, words, texts: T, facts, rules } = data;
  const count = c.id.length, size = 50, pieces = new Map();
  let shown = [], page = 0;

  const make = (tag, attributes = {}, ...children) => {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(attributes)) if (v != null) k === "class" ? e.className = v : e.setAttribute(k, v);
    e.append(...children.filter(x => x != null));
    return e;
  };
  const option = (value, text) => make("option", { value }, text);
  const fill = (select, column, show) => {
    const values = [...new Set(c[column])].map(v => [v, show(v)]).sort((a, b) => a[1].localeCompare(b[1]));
    select.append(option("", T.all), ...values.map(([v, text]) => option(v, text || T.unknown)));
  };
  const filters = ["period", "outcome", ...facts.filter(f => f !== "employer")];
  for (const f of filters) fill($("f-" + f), f, f === "outcome" ? v => T.outcomes[v] : v => words[v]);
  const low = c.id.map((id, i) => (id + " " + c.name[i] + " " + words[c.employer[i]]).toLowerCase());

  const search = () => {
    const text = $("q").value.trim().toLowerCase(), asked = filters.map(f => [f, $("f-" + f).value]).filter(x => x[1] !== "");
    shown = [];
    for (let i = 0; i < count; i++)
      if ((!text || low[i].includes(text)) && asked.every(([f, v]) => c[f][i] === +v)) shown.push(i);
    page = 0;
    draw();
  };
  const unbroken = x => typeof x === "string" && /[^\s\u2e80-\uffef]{25,}/.test(x); // it would push other columns out
  const cell = (label, content, cls) => make("td", { "data-label": label, class: cls },
    unbroken(content) ? make("div", { class: "long" }, content) : content);
  const row = i => {
    const button = make("button", { type: "button", class: "why", "aria-expanded": "false" }, T.why);
    const line = make("tr", {},
      cell(T.id, c.id[i]), cell(T.name, c.name[i]), cell(T.employer, words[c.employer[i]]), cell(T.period, words[c.period[i]]),
      cell(T.outcome, make("span", { class: "o o" + c.outcome[i] }, T.outcomes[c.outcome[i]])),
      cell(T.total, c.total[i] + " " + words[c.unit[i]], "n"), cell(T.required, c.required[i], "n"),
      cell(T.short, c.short[i], "n"), cell("", button));
    button.setAttribute("aria-label", T.why + T.colon + c.id[i] + " " + words[c.period[i]]);
    button.addEventListener("click", () => toggle(i, line, button));
    return line;
  };
  const draw = () => {
    const last = Math.max(0, Math.ceil(shown.length / size) - 1);
    page = Math.min(Math.max(page, 0), last);
    $("rows").replaceChildren(...shown.slice(page * size, page * size + size).map(row));
    $("status").textContent = T.found.replace("{n}", shown.length).replace("{p}", page + 1).replace("{l}", last + 1);
    $("back").disabled = page === 0;
    $("next").disabled = page === last;
  };
  const toggle = async (i, line, button) => {
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) { line.nextSibling.remove(); return; }
    const body = make("td", { colspan: 9 }, T.wait), holder = make("tr", { class: "detail" }, body);
    line.after(holder);
    const n = Math.floor(i / data.piece);
    if (!pieces.has(n)) pieces.set(n, await unpack("d" + n));
    body.replaceChildren(...reasons(pieces.get(n)[i % data.piece]));
  };
  const law = keys => [...new Set(keys)].filter(k => rules[k]).map(k => {
    const [text, source, at, , confidence] = rules[k];
    return make("blockquote", {}, text, make("div", { class: "soft" }, `${source} ${at}`.trim() + (confidence === "seen" ? "" : " · " + T.confidence)));
  });
  const table = (title, head, lines) => make("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": title },
    make("table", {}, make("thead", {}, make("tr", {}, ...head.map(h => make("th", { scope: "col" }, h)))), make("tbody", {}, ...lines)));
  const reasons = ([findings, records, follows, may, missing, flags]) => {
    const out = [];
    if (findings.length) out.push(make("h3", {}, T.findings));
    for (const [measure, status, advisory, op, required, achieved, short, rule, base, before, because, sure, carried] of findings) {
      const parts = [make("span", { class: "o o" + status }, T.outcomes[status]), op ? ` ${measure} ${achieved} / ${T.ops[op] || op} ${required}` : ` ${measure}`];
      if (carried) parts.push(` · ${T.carried} ${carried}`);
      if (short !== "0") parts.push(` · ${op === "<=" ? T.over : T.short} ${short}`);
      if (advisory) parts.push(` · ${T.advisory}`);
      if (before && before !== required) parts.push(` · ${sure ? "" : T.may_reduce}${T.before} ${before}`);
      if (base && base !== before) parts.push(` · ${T.base} ${base}`);
      out.push(make("div", {}, ...parts), ...law([rule, ...because]));
    }
    if (follows.length) out.push(make("h3", {}, T.follows), ...follows.map(([name, ...keys]) => make("div", {}, keys.length > 1 ? `${name}${T.either}` : (rules[keys[0]] || [])[3] || name, ...law(keys))));
    if (may.length) out.push(make("p", {}, T.may + may.join(T.semicolon)));
    if (missing.length) out.push(make("p", {}, T.missing + missing.join(T.semicolon)));
    if (flags.length) out.push(make("h3", {}, T.flags), ...flags.map(([name, id, key, text]) => make("div", {}, `${id}${T.colon}${text || name}`, ...law([key]))));
    if (records.length) out.push(make("h3", {}, T.records), table(T.records, T.recordHead, records.map(
      ([id, day, form, title, quantity, converted, counted, reason, keys, lacks]) => make("tr", {},
        ...[id, day, form, title, quantity, converted, counted].map((x, n) => cell(T.recordHead[n], x, n > 4 ? "n" : null)),
        cell(T.recordHead[7], make("div", {}, (T.reasons[reason] || reason) + (lacks.length ? T.colon + lacks.join(T.comma) : ""),
          make("details", {}, make("summary", {}, T.rules), ...law(keys))))))));
    return out;
  };
  let timer, folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const d of folded) d.open = true;
  });
  addEventListener("afterprint", () => { for (const d of folded) d.open = false; });
  $("q").addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 150); });
  for (const f of filters) $("f-" + f).addEventListener("change", search);
  $("filters").addEventListener("submit", e => { e.preventDefault(); search(); });
  $("back").addEventListener("click", () => { page--; draw(); });
  $("next").addEventListener("click", () => { page++; draw(); });
  search();
  document.documentElement.dataset.ready = "yes";
})();
