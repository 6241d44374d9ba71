"use strict";
// Curves: the value of the step nearest to the pointer, in the line under the title.
for (const chart of document.querySelectorAll("svg.curve")) {
  const line = chart.querySelector("polyline.line");
  const note = chart.closest("figure").querySelector(".note");
  const steps = line.dataset.steps.split(" "), values = line.dataset.values.split(" ");
  const places = line.getAttribute("points").split(" ").map((place) => place.split(",").map(Number));
  const written = note.textContent;
  const dot = chart.appendChild(document.createElementNS(chart.namespaceURI, "circle"));
  dot.setAttribute("class", "reading");
  dot.setAttribute("r", 0);
  chart.addEventListener("pointermove", (event) => {
    const across = 1000 * (event.clientX - chart.getBoundingClientRect().left) / chart.clientWidth;
    let best = 0;
    for (let n = 1; n < steps.length; n++) if (Math.abs(places[n][0] - across) < Math.abs(places[best][0] - across)) best = n;
    const plot = chart.querySelector("svg").height.baseVal.value;
    dot.setAttribute("cx", places[best][0] / 10 + "%");
    dot.setAttribute("cy", 16 + places[best][1] * plot / 1000);
    dot.setAttribute("r", 4.5);
    note.textContent = `${line.dataset.unit} ${Math.round(steps[best]).toLocaleString("en")}: ${values[best]}`;
  });
  chart.addEventListener("pointerleave", () => { dot.setAttribute("r", 0); note.textContent = written; });
}
// Maps: a text pointed at or focused is shown beside its point, and marked on every map with those that belong to it.
const maps = [...document.querySelectorAll("svg.map")];
const tip = document.getElementById("tip");
if (maps.length) {
  const texts = [...document.querySelectorAll("#texts li")].map((item) => item.textContent);
  const points = maps.map((map) => [...map.querySelectorAll("circle")]);
  const lines = maps.map((map) => [...map.querySelectorAll("line")]);
  const belongs = texts.map(() => []);
  for (const line of lines[0]) {
    const [one, other] = line.dataset.pair.split(" ").map(Number);
    belongs[one].push(other);
    belongs[other].push(one);
  }
  const written = (text, kind) => {
    const span = document.createElement("span");
    span.textContent = text;
    span.dir = "auto";
    span.className = kind;
    return span;
  };
  const show = (text, point) => {
    for (const own of points) own.forEach((other, n) => {
      other.classList.toggle("there", n === text);
      other.classList.toggle("with", text >= 0 && belongs[text].includes(n));
    });
    for (const own of lines) for (const line of own)
      line.classList.toggle("there", line.dataset.pair.split(" ").map(Number).includes(text));
    tip.hidden = text < 0;
    if (text < 0) return;
    tip.replaceChildren(written(texts[text], "text"), ...belongs[text].slice(0, 3).map((n) => written(texts[n], "with")));
    const at = point.getBoundingClientRect(), width = document.documentElement.clientWidth;
    const left = Math.max(8, Math.min(at.left, width - tip.offsetWidth - 8));
    const fits = at.bottom + 10 + tip.offsetHeight < innerHeight || at.top < tip.offsetHeight + 10;
    tip.style.left = left + scrollX + "px";
    tip.style.top = (fits ? at.bottom + 10 : at.top - 10 - tip.offsetHeight) + scrollY + "px";
  };
  maps.forEach((map, number) => {
    const own = points[number];
    map.addEventListener("pointermove", (event) => {
      const box = map.getBoundingClientRect();
      let best = -1, nearest = 24 * 24;
      own.forEach((point, n) => {
        const x = box.left + point.cx.baseVal.value - event.clientX, y = box.top + point.cy.baseVal.value - event.clientY;
        if (x * x + y * y < nearest) { nearest = x * x + y * y; best = n; }
      });
      show(best, own[best]);
    });
    map.addEventListener("pointerleave", () => show(-1));
    map.addEventListener("focusin", (event) => show(own.indexOf(event.target), event.target));
    map.addEventListener("focusout", () => show(-1));
    map.addEventListener("keydown", (event) => {
      if (event.key === "Escape") show(-1);
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      const from = own.indexOf(document.activeElement);
      if (!by || from < 0) return;
      event.preventDefault();
      own[from].tabIndex = -1;
      const to = own[(from + by + own.length) % own.length];
      to.tabIndex = 0;
      to.focus();
    });
  });
}
// On paper everything is open.
addEventListener("beforeprint", () => { for (const part of document.querySelectorAll("details")) part.open = true; });
