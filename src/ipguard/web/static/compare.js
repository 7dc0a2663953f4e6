// One zoom for both sides: they scroll together, the wheel with Ctrl and the buttons change the zoom without a new page,
// and the pointer drags. Without this script the zoom buttons load the page anew.
const sheet = document.querySelector("[data-zoom]");
const panes = [...document.querySelectorAll("[data-pane]")];
let zoom = Number(sheet.dataset.zoom);
let leading = null;
let held = null;

function show() {
  for (const pane of panes) {
    const inside = pane.querySelector("[data-zoomed]");
    inside.style.width = `${zoom * 100}%`;
    inside.style.height = `${zoom * 100}%`;
  }
  for (const link of document.querySelectorAll("[data-zoom-to]")) {
    if (Number(link.dataset.zoomTo) === zoom) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function follow(pane) {
  if (leading && leading !== pane) return;
  leading = pane;
  const across = pane.scrollLeft / Math.max(1, pane.scrollWidth - pane.clientWidth);
  const down = pane.scrollTop / Math.max(1, pane.scrollHeight - pane.clientHeight);
  for (const other of panes) {
    if (other === pane) continue;
    other.scrollLeft = across * (other.scrollWidth - other.clientWidth);
    other.scrollTop = down * (other.scrollHeight - other.clientHeight);
  }
  requestAnimationFrame(() => { leading = null; });
}

for (const pane of panes) {
  pane.addEventListener("scroll", () => follow(pane));
  pane.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom = Math.min(8, Math.max(1, zoom * (event.deltaY < 0 ? 1.25 : 0.8)));
    show();
  }, { passive: false });
  pane.addEventListener("pointerdown", (event) => {
    held = { pane, x: event.clientX + pane.scrollLeft, y: event.clientY + pane.scrollTop };
    pane.setPointerCapture(event.pointerId);
  });
  pane.addEventListener("pointermove", (event) => {
    if (held?.pane !== pane) return;
    pane.scrollLeft = held.x - event.clientX;
    pane.scrollTop = held.y - event.clientY;
  });
  pane.addEventListener("pointerup", () => { held = null; });
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-zoom-to]");
  if (!link) return;
  event.preventDefault();
  zoom = Number(link.dataset.zoomTo);
  show();
});
document.addEventListener("input", (event) => {
  if (event.target.matches("[data-opacity]")) {
    event.target.closest("figure").querySelector(".over").style.opacity = String(event.target.value / 100);
  }
});
show();
