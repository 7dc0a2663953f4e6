// One key decides, but only about what is on the screen: decision keys are armed when both pictures are painted and
// 300 ms have passed, and never where a picture cannot be painted; a key that is held down decides nothing. Movement
// keys wait their turn. Without this script the buttons and links do the same.
const DWELL = 300;
const MOVES = ["next", "previous", "region", "points", "layover", "compare"];
const DECISIONS = ["infringing", "later", "undo", "case"];
const root = document.documentElement;
let armed = false;
let busy = false;
let round = 0;
let painted = 0;
let scrolled = 0;
let waiting = [];
let fetched = [];

const desk = () => document.getElementById("desk");
const act = (name) => document.querySelector(`#desk [data-act="${name}"]`);

async function arm() {
  const mine = ++round;
  armed = false;
  root.dataset.armed = "";
  if (!document.querySelector(".sheet[data-alert]")) return;
  try {
    await Promise.all([...document.querySelectorAll("img[data-needed]")].map((image) => image.decode()));
  } catch {
    if (mine === round) root.dataset.armed = "no"; // a picture that did not paint was not seen: the mouse decides
    return;
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  if (mine !== round) return;
  painted = performance.now();
  root.dataset.painted = desk().dataset.alert;
  root.dataset.paintedAt = String(painted);
  prefetch();
  await new Promise((done) => setTimeout(done, DWELL));
  if (mine !== round) return;
  armed = true;
  root.dataset.armed = "yes";
}

function prefetch() {
  fetched = (desk().dataset.ahead || "").split(" ").filter(Boolean).map((address) => {
    const image = new Image();
    image.src = address;
    image.decode().catch(() => {});
    return image;
  });
}

function keyOf(event) {
  if (event.key !== "Process") return event.key.toLowerCase(); // an input method holds the key: its place tells it
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : "";
}

function inField(target) {
  return target.closest("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=range])");
}

function go(name) {
  if (busy) waiting.push(name);
  else act(name)?.click();
}

function onKey(event) {
  const keys = desk()?.dataset.keys;
  if (!keys || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || inField(event.target)) return;
  const key = keyOf(event);
  const reasons = document.getElementById("reasons");
  if (/^[1-9]$/.test(key)) {
    if (armed && !busy && !event.repeat && reasons?.matches(":popover-open")) decide(`[data-reason="${key}"]`);
    return;
  }
  const name = Object.entries(JSON.parse(keys)).find(([, one]) => one === key)?.[0];
  if (!name) return;
  if (MOVES.includes(name)) return go(name);
  if (event.repeat) return;
  if (name === "help") return document.getElementById("keys").togglePopover();
  if (name === "search") { event.preventDefault(); return document.getElementById("q").focus(); }
  if (name === "tick" || name === "unsure") return act(name)?.click();
  if (name === "undo") return !busy && act(name)?.click();
  if (!armed || busy) return;
  if (name === "not_infringing") { reasons?.showPopover(); return reasons?.querySelector("button").focus(); }
  if (DECISIONS.includes(name)) decide(`[data-act="${name}"]`);
}

function decide(selector) {
  const button = document.querySelector(`#desk ${selector}`);
  if (!button) return;
  armed = false;
  root.dataset.armed = "";
  button.click();
}

function tellScreen(event) {
  const form = event.target.closest?.("form.decide");
  if (!form) return;
  form.elements.viewport.value = `${window.innerWidth}x${window.innerHeight}`;
  if (painted) form.elements.painted.value = String(Math.round(performance.now() - painted));
}

function begin() {
  busy = true;
  scrolled = document.querySelector(".rows")?.scrollTop ?? 0;
}

function end() {
  busy = false;
  const name = waiting.shift();
  if (name) go(name);
}

function settle() {
  const rows = document.querySelector(".rows");
  if (rows) rows.scrollTop = scrolled;
  document.querySelector(".rows [aria-current]")?.scrollIntoView({ block: "nearest" });
  const heading = document.querySelector("#desk h1");
  document.getElementById("said").textContent = heading ? heading.textContent : "";
  arm();
}

document.addEventListener("keydown", onKey);
document.addEventListener("submit", tellScreen, true);
document.addEventListener("htmx:before:request", begin);
document.addEventListener("htmx:after:swap", settle);
document.addEventListener("htmx:finally:request", end);
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status === 401) location.reload();
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-opacity]")) {
    event.target.closest("figure").querySelector(".over").style.opacity = String(event.target.value / 100);
  }
});
document.querySelector(".rows [aria-current]")?.scrollIntoView({ block: "nearest" });
arm();
