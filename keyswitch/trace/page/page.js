"use strict";
// Every text of a request reaches the page through `textContent` only.

const ROW = 27; // px, as in the style sheet
const AROUND = 12; // rows that are drawn above and below what is seen
const NOBODY = "no credential";
const NO_PROFILE = "no profile"; // of keyswitch that holds the credential
const CLASSES = { 1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx", 0: "no answer" };

const at = (id) => document.getElementById(id);

function make(tag, name, ...inner) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  element.append(...inner);
  return element;
}

// Control and direction characters as escapes: no text may look like another.
function plain(text, kept = "") {
  return String(text).replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (c) =>
    kept.includes(c) ? c : `\\u{${c.codePointAt(0).toString(16)}}`);
}

function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 100) return `${value.toFixed(value < 10 ? 2 : 1)} s`;
  return `${Math.floor(value / 60)} min ${Math.round(value % 60)} s`;
}

function bytes(count) {
  for (const unit of ["B", "kB", "MB"]) {
    if (count < 1000) return `${count < 10 && unit !== "B" ? count.toFixed(1) : Math.round(count)} ${unit}`;
    count /= 1000;
  }
  return `${count.toFixed(1)} GB`;
}

function clock(time, long) {
  const date = new Date(time * 1000);
  if (Number.isNaN(date.getTime())) return "–";
  return long ? date.toLocaleString("sv-SE") : date.toLocaleTimeString("sv-SE");
}

// What is worked out once for each request.
function prepare(one) {
  const mark = one.url.indexOf("://");
  const rest = mark < 0 ? one.url : one.url.slice(mark + 3);
  const slash = rest.indexOf("/");
  one.host = slash < 0 ? rest : rest.slice(0, slash);
  one.path = slash < 0 ? "" : rest.slice(slash);
  const names = one.credentials.map((c) => c.profile || c.whose || NO_PROFILE);
  one.accounts = names.length ? [...new Set(names)] : [NOBODY];
  one.kind = Math.min(Math.floor(one.status / 100), 5); // 0: there was no answer
  one.bad = one.status >= 400 || !one.status || Boolean(one.failure);
  const { connect, sent, first_byte, whole } = one.timing;
  one.took = Math.max(whole ?? first_byte ?? sent ?? connect ?? 0, 0);
  one.words = [
    one.method, one.url, one.status, one.reason, one.failure, one.simulated,
    ...one.accounts, ...one.credentials.flatMap((c) => [c.header, c.masked, c.whose, c.identity]),
    one.likely ? one.likely.title : "",
    ...one.request_headers.flat(), ...one.headers.flat(),
  ].join("\n").toLowerCase();
  return one;
}

let all = [];
let broken = "";
try {
  all = JSON.parse(at("data").textContent).map(prepare);
} catch (error) {
  broken = String(error);
}
const began = all.reduce((least, one) => Math.min(least, one.started), Infinity);
const ended = all.reduce((most, one) => Math.max(most, one.started + one.took), -Infinity);
const span = Math.max(ended - began, 0.001);
let shown = all; // requests that pass the filters
let chosen = null;
let printing = false;
const wanted = { text: "", kinds: new Set(), accounts: new Set() };

// The colour of an account comes from its name; two names never share one
// while there are fewer than twelve.
const hues = new Map();
function hueOf(name) {
  if (!hues.has(name)) {
    let place = 0;
    for (const c of name) place = (place * 31 + c.codePointAt(0)) % 12;
    const taken = new Set(hues.values());
    for (let step = 0; step < 12 && taken.has(place); step++) place = (place + 5) % 12;
    hues.set(name, place);
  }
  return hues.get(name) * 30 + 15;
}

function coloured(element, name) {
  if (name === NOBODY || name === NO_PROFILE) element.classList.add("none");
  else element.style.setProperty("--hue", hueOf(name));
  return element;
}

function chip(name) {
  const element = coloured(make("span", "chip", plain(name)), name);
  element.title = plain(name);
  return element;
}

function bar(one, start, whole) {
  const { connect, sent, first_byte } = one.timing;
  const element = make("span", one.bad ? "bar failed" : "bar");
  const first = first_byte ?? one.took;
  const ends = [["connect", 0, connect ?? 0], ["wait", connect ?? 0, first], ["receive", first, one.took]];
  for (const [name, from, to] of ends) {
    if (to < from || (to === from && name !== "receive")) continue;
    const part = make("i", name);
    part.style.left = `${Math.min(((start + from) / whole) * 100, 99.5)}%`;
    part.style.width = `${((to - from) / whole) * 100}%`;
    element.append(part);
  }
  element.title = `connect ${seconds(connect)}, sent ${seconds(sent)}, first byte ${seconds(first_byte)}, whole ${seconds(one.timing.whole)}`;
  return element;
}

function tags(one) {
  const found = [];
  if (one.accounts.length > 1) found.push(make("span", "tag warn", `${one.accounts.length} accounts`));
  if (one.retry) found.push(make("span", "tag", `retry ${one.retry}`));
  if (one.simulated) {
    found.push(make("span", "tag", one.simulated === "replay" ? "replay" : `simulated ${plain(one.simulated)}`));
  }
  if (one.failure) found.push(make("span", "tag bad", one.status ? "cut" : "failed"));
  return found;
}

function row(one, index) {
  const element = make("div", "row");
  const cell = (name, ...inner) => {
    const found = make("span", name, ...inner);
    found.setAttribute("role", "gridcell");
    element.append(found);
    return found;
  };
  cell("started", clock(one.started)).title = clock(one.started, true);
  cell(`status s${one.kind}`, one.status ? String(one.status) : "–").title = plain(one.reason || one.failure);
  cell("method", plain(one.method));
  const url = make("span", one.path.length > 1 ? "url" : "url bare", make("span", "host", plain(one.host)), make("span", "", plain(one.path)));
  url.title = plain(one.url);
  cell("place", url, ...tags(one));
  cell("who", ...one.accounts.map(chip));
  cell("took", seconds(one.took));
  cell("size", bytes(one.answer.size)).title = `${bytes(one.request.size)} sent, ${bytes(one.answer.size)} received`;
  cell("fall", bar(one, one.started - began, span));
  element.id = `row-${index}`;
  element.setAttribute("role", "row");
  element.setAttribute("aria-rowindex", index + 2);
  element.setAttribute("aria-selected", one === chosen);
  element.addEventListener("click", () => choose(index, true));
  return element;
}

// Only the rows that are seen are in the document.
function draw() {
  const list = at("requests");
  at("space").style.height = `${shown.length * ROW}px`;
  const first = printing ? 0 : Math.max(Math.floor(list.scrollTop / ROW) - AROUND, 0);
  const last = printing ? shown.length : first + Math.ceil(list.clientHeight / ROW) + 2 * AROUND;
  at("rows").replaceChildren(...shown.slice(first, last).map((one, i) => row(one, first + i)));
  at("rows").style.transform = `translateY(${first * ROW}px)`;
  const index = shown.indexOf(chosen);
  if (index >= first && index < last) list.setAttribute("aria-activedescendant", `row-${index}`);
  else list.removeAttribute("aria-activedescendant");
}

function choose(index, open) {
  if (!shown.length) return;
  index = Math.min(Math.max(index, 0), shown.length - 1);
  chosen = shown[index];
  const list = at("requests");
  if (open || !at("details").hidden) detail(chosen);
  const room = list.clientHeight - at("head").offsetHeight;
  if (index * ROW < list.scrollTop) list.scrollTop = index * ROW;
  else if ((index + 1) * ROW > list.scrollTop + room) list.scrollTop = (index + 1) * ROW - room;
  draw();
}

function closeDetails() {
  at("details").hidden = true;
  at("requests").focus();
  draw();
}

function section(title, note, ...inner) {
  const heading = make("summary", "", title);
  if (note) heading.append(make("small", "", note));
  const element = make("details", "", heading, ...inner);
  element.open = true;
  return element;
}

function table(pairs) {
  const body = make("tbody");
  for (const [name, value] of pairs) {
    const head = make("th", "", plain(name));
    head.scope = "row";
    body.append(make("tr", "", head, make("td", "", ...(Array.isArray(value) ? value : [plain(value)]))));
  }
  return make("table", "", body);
}

function bodyText(body) {
  if (/json/i.test(body.mime) && !body.cut) {
    try {
      return JSON.stringify(JSON.parse(body.text), null, 2);
    } catch { /* shown as it came */ }
  }
  return body.text;
}

function bodySection(title, body) {
  if (!body.text) {
    return body.size ? [section(title, `${bytes(body.size)}, not recorded`)] : [];
  }
  const note = [bytes(body.size), plain(body.mime), body.cut ? "only the beginning was recorded" : ""];
  return [section(title, note.filter(Boolean).join(" · "), make("pre", "", plain(bodyText(body), "\n\t")))];
}

function cause(one) {
  const found = [];
  if (one.failure) found.push(make("div", "cause bad", make("b", "", "Incomplete answer"), plain(one.failure)));
  if (one.likely) {
    const steps = one.likely.fix.map((step) => make("li", "", plain(step)));
    found.push(make("div", "cause", make("b", "", `Likely cause: ${plain(one.likely.title)}`), make("ul", "", ...steps)));
  }
  if (one.accounts.length > 1) {
    found.push(make("div", "cause", make("b", "", `${one.accounts.length} accounts in one request`),
      plain(one.accounts.join(", "))));
  }
  return found;
}

function credentials(one) {
  if (!one.credentials.length) return section("Credentials", "none");
  return section("Credentials", "", table(one.credentials.map((c) => {
    const lines = [c.identity, c.profile ? c.whose : ""].filter(Boolean).map((line) => make("small", "", plain(line)));
    return [c.header, [`${plain(c.masked)} `, chip(c.profile || c.whose || NO_PROFILE), ...lines]];
  })));
}

function timing(one) {
  const { connect, sent, first_byte, whole } = one.timing;
  return section("Timing", clock(one.started, true), bar(one, 0, Math.max(one.took, 0.001)), table([
    ["New connection", connect === null ? "none or unknown" : seconds(connect)],
    ["Request sent after", seconds(sent)],
    ["First byte after", seconds(first_byte)],
    ["Whole answer after", seconds(whole)],
  ]));
}

const WAYS = { "base-url": "base URL", intercepted: "intercepted", tunnel: "tunnel, not read" };

function detail(one) {
  const shut = make("button", "", "✕");
  shut.setAttribute("aria-label", "Close details");
  shut.addEventListener("click", closeDetails);
  const status = make("span", `status s${one.kind}`, one.status ? `${one.status} ${plain(one.reason)}` : "no answer");
  const heading = make("h2", "", `${plain(one.method)} ${plain(one.url)}`,
    make("small", "", status, ` · ${[plain(one.http_version), WAYS[one.way] || plain(one.way)].filter(Boolean).join(" · ")}`));
  const box = at("details");
  box.replaceChildren(
    make("div", "top", heading, shut), ...cause(one), credentials(one),
    ...(one.limits.length ? [section("Rate limits", "", table(one.limits))] : []),
    timing(one),
    section("Request headers", String(one.request_headers.length), table(one.request_headers)),
    ...bodySection("Request body", one.request),
    section("Answer headers", String(one.headers.length), table(one.headers)),
    ...bodySection("Answer body", one.answer),
  );
  box.scrollTop = 0;
  box.hidden = false;
}

function filter() {
  const { text, kinds, accounts } = wanted;
  shown = all.filter((one) =>
    (!kinds.size || kinds.has(one.kind)) &&
    (!accounts.size || one.accounts.some((name) => accounts.has(name))) &&
    text.split(/\s+/).every((word) => one.words.includes(word)));
  if (!shown.includes(chosen)) {
    chosen = null;
    at("details").hidden = true;
  }
  const requests = all.length === 1 ? "request" : "requests";
  at("count").textContent = shown.length === all.length ? `${all.length} ${requests}` : `${shown.length} of ${all.length} ${requests}`;
  at("requests").setAttribute("aria-rowcount", shown.length + 1);
  at("nothing").hidden = shown.length > 0;
  at("requests").scrollTop = 0;
  draw();
}

function reset() {
  wanted.text = at("search").value = "";
  wanted.kinds.clear();
  wanted.accounts.clear();
  for (const button of document.querySelectorAll("[aria-pressed]")) button.setAttribute("aria-pressed", "false");
  filter();
  at("requests").focus();
}

function toggle(label, set, value, dot) {
  const button = make("button", "", ...(dot ? [dot] : []), label);
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const on = !set.delete(value) && Boolean(set.add(value));
    button.setAttribute("aria-pressed", on);
    filter();
  });
  return button;
}

function summary(accounts) {
  const errors = all.filter((one) => one.bad).length;
  const total = all.reduce((sum, one) => sum + one.request.size + one.answer.size, 0);
  const facts = [["Requests", all.length], ["Errors", errors], ["Time", all.length ? seconds(ended - began) : "–"], ["Transferred", bytes(total)]];
  const profiles = new Set(all.flatMap((one) => one.credentials.map((c) => c.profile)).filter(Boolean));
  facts.push(["Profiles", profiles.size || "none"]);
  at("summary").replaceChildren(...facts.map(([name, value]) =>
    make("div", name === "Errors" && errors ? "bad" : "", make("dt", "", name), make("dd", "", String(value)))));
  if (all.length) at("since").textContent = clock(began, true);
  at("scale").replaceChildren(...[0, 0.5, 1].map((part) => make("span", "", all.length ? seconds(span * part) : "")));
  at("accounts").replaceChildren(...accounts.map((name) =>
    toggle(plain(name), wanted.accounts, name, coloured(make("span", "dot"), name))));
  const kinds = [1, 2, 3, 4, 5, 0].filter((kind) => all.some((one) => one.kind === kind));
  at("statuses").replaceChildren(...kinds.map((kind) => toggle(CLASSES[kind], wanted.kinds, kind)));
}

function nothing() {
  if (broken) return [make("b", "", "The recording cannot be shown"), plain(broken)];
  if (!all.length) {
    return [make("b", "", "No requests were recorded"),
      "The command sent none through the proxy. ", make("code", "", "keyswitch trace --record FILE -- COMMAND"), " records those of a run."];
  }
  const button = make("button", "", "Clear the filters");
  button.addEventListener("click", reset);
  return [make("b", "", "No request matches"), "Search and filters hide all of them.", make("br"), button];
}

function step(key) {
  const index = shown.indexOf(chosen);
  const page = Math.max(Math.floor(at("requests").clientHeight / ROW) - 2, 1);
  const moves = {
    ArrowDown: index + 1, j: index + 1, ArrowUp: index - 1, k: index - 1,
    Home: 0, End: shown.length - 1, PageDown: index + page, PageUp: index - page,
  };
  return moves[key];
}

function typed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || at("help").open) return;
  const { key, target } = event;
  if (target === at("search")) {
    if (key === "Escape") reset();
    else if (key === "Enter" || key === "ArrowDown") {
      at("requests").focus();
      choose(Math.max(shown.indexOf(chosen), 0), false);
    } else return;
  } else if (key === "/") {
    at("search").focus();
    at("search").select();
  } else if (key === "?") at("help").showModal();
  else if (key === "Escape") closeDetails();
  else if (key === "Enter" && (target === at("requests") || target === document.body)) {
    if (chosen === null) choose(0, true);
    else choose(shown.indexOf(chosen), true);
  } else {
    const index = step(key);
    const inDetails = at("details").contains(target) && key.length > 1; // it scrolls
    if (index === undefined || inDetails) return;
    if (document.activeElement !== at("requests")) at("requests").focus();
    choose(index, false);
  }
  event.preventDefault();
}

function drawForPaper(on) {
  printing = on;
  draw();
}

summary([...new Set(all.flatMap((one) => one.accounts))].sort());
at("nothing").replaceChildren(...nothing());
filter();
document.addEventListener("keydown", typed);
at("requests").addEventListener("scroll", draw);
new ResizeObserver(draw).observe(at("requests"));
at("search").addEventListener("input", () => {
  wanted.text = at("search").value.trim().toLowerCase();
  filter();
});
at("ask").addEventListener("click", () => at("help").showModal());
window.addEventListener("beforeprint", () => drawForPaper(true));
window.addEventListener("afterprint", () => drawForPaper(false));
at("requests").focus();
