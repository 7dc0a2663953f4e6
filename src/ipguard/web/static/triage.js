// One key decides, but only about what is on the screen: keys are armed when both pictures are painted and 300 ms
// have passed, and never where a picture cannot be painted; a key that is held down decides nothing. Without this script the buttons and links do the same.
const DWELL = 300;
const sheet = document.querySelector(".sheet[data-alert]");
let armed = false;
let asking = false;

async function arm() {
  const needed = [...document.querySelectorAll("img[data-needed]")];
  try {
    await Promise.all(needed.map((image) => image.decode()));
  } catch {
    document.documentElement.dataset.armed = "no"; // a picture that did not paint was not seen: the mouse decides
    return;
  }
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await new Promise((done) => setTimeout(done, DWELL));
  armed = true;
  document.documentElement.dataset.armed = "yes";
}

function press(selector) {
  const target = document.querySelector(selector);
  if (target) target.click();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  if (["j", "k", "o", "p", "b"].includes(event.key)) return press(`a[data-key="${event.key}"]`);
  if (event.repeat || !armed) return;
  if (event.key === "d") { asking = true; document.querySelector("[data-reason]")?.focus(); return; }
  if (asking && /^[1-9]$/.test(event.key)) { armed = false; return press(`button[data-reason="${event.key}"]`); }
  if (["a", "s", "z", "c"].includes(event.key)) { armed = false; press(`button[data-key="${event.key}"]`); }
}

if (sheet) {
  document.addEventListener("keydown", onKey);
  arm();
}
