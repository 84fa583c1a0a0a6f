/// The style and the script of the page: text for browsers, which page.cpp puts into the page as it is.
#pragma once

#include <string_view>

namespace leapgraph::symbolic {

inline constexpr std::string_view page_style = R"css(
:root{color-scheme:light;--back:#f6f7f9;--panel:#ffffff;--edge:#dde2e8;--ink:#1f2933;--soft:#66727f;--accent:#2563eb;
 --hit:#f59e0b}
:root[data-theme="dark"]{color-scheme:dark;--back:#14181d;--panel:#1b2128;--edge:#313a44;--ink:#e4e9ef;--soft:#93a0ad;
 --accent:#6ea8fe;--hit:#fbbf24}
:root[data-theme="dark"] .graph{--ink:#e4e9ef;--soft:#93a0ad;--wire:#5b6875;--paper:#1b2128;
 --input:#172f52;--input-edge:#5b9bf8;--shared:#2d2350;--shared-edge:#a78bfa;--data:#262d35;--data-edge:#6b7885;
 --map:#20272f;--map-edge:#55616d;--reduce:#3d3113;--reduce-edge:#e0a82e;--product:#442615;--product-edge:#f08a52;
 --view:#12352f;--view-edge:#3cc3b4;--index:#143524;--index-edge:#4cbf7f;--loop:#2a1e2c;--loop-edge:#c77dc7;
 --routine:#411a28;--routine-edge:#f06595;--output:#173a1c;--output-edge:#57c063}
*{box-sizing:border-box}
html,body{height:100%;margin:0}
body{display:flex;flex-direction:column;background:var(--back);color:var(--ink);
 font:14px/1.45 ui-sans-serif,system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
header{display:flex;flex-wrap:wrap;gap:6px 14px;align-items:center;padding:8px 14px;background:var(--panel);
 border-bottom:1px solid var(--edge)}
h1{font-size:16px;margin:0;font-weight:650}
nav{display:flex;gap:2px}
button,input{font:inherit;color:inherit;background:transparent;border:1px solid var(--edge);border-radius:6px;
 padding:3px 10px}
button{cursor:pointer}
button:hover{border-color:var(--accent)}
nav button[aria-selected="true"]{background:var(--accent);border-color:var(--accent);color:#fff}
:root[data-theme="dark"] nav button[aria-selected="true"]{color:#0b1220}
input{width:190px;background:var(--back)}
.grow{flex:1}
main{flex:1;display:flex;min-height:0}
.stage{flex:1;min-width:0;position:relative;display:none}
.stage.on{display:flex;flex-direction:column}
.stage svg{flex:1;width:100%;height:100%;cursor:grab;touch-action:none}
.stage svg.held{cursor:grabbing}
.stage pre{flex:1;margin:0;padding:14px 18px;overflow:auto;font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace}
.note{padding:5px 14px;color:var(--soft);border-bottom:1px solid var(--edge);font-size:12.5px}
aside{width:340px;max-width:42%;background:var(--panel);border-left:1px solid var(--edge);padding:12px 16px;
 overflow:auto}
aside h2{font-size:15px;margin:0 0 2px}
aside p{margin:0 0 8px;color:var(--soft)}
aside dl{margin:0}
aside dt{font-size:11px;letter-spacing:.04em;text-transform:uppercase;color:var(--soft);margin-top:9px}
aside dd{margin:1px 0 0;overflow-wrap:anywhere}
aside dd.code{font:12px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap}
aside a{color:var(--accent);cursor:pointer;text-decoration:none}
aside a:hover{text-decoration:underline}
.legend span{display:inline-block;margin:0 10px 4px 0;white-space:nowrap}
.legend i{display:inline-block;width:11px;height:11px;border-radius:3px;margin-right:5px;border:1.2px solid}
.box{cursor:pointer}
.graph.chosen .box,.graph.chosen .wire{opacity:.25}
.graph.chosen .box.near,.graph.chosen .wire.near,.graph.chosen .box.near .box,.graph.chosen .box.near .wire,
.graph.chosen .box.around{opacity:1}
.graph .wire.to{stroke:#3b82f6;stroke-width:2.2}
.graph .wire.from{stroke:#e2703a;stroke-width:2.2}
.graph .box.self>rect{stroke-width:3;stroke:var(--accent)}
.graph .box.hit>rect{stroke-width:3;stroke:var(--hit)}
.folded,.graph.fold .unfolded{display:none}
.graph.fold .folded{display:inline}
)css";

inline constexpr std::string_view page_script = R"js(
const data = JSON.parse(document.getElementById('nodes').textContent);
const stages = [...document.querySelectorAll('.stage')], tabs = [...document.querySelectorAll('nav button')];
const aside = document.querySelector('aside'), about = aside.innerHTML;
let now = 0;
const views = stages.map(stage => {
  const svg = stage.querySelector('svg');
  if (!svg) return null;
  const view = {svg, root: svg.querySelector('.graph'), x: 0, y: 0, k: 1, fitted: false};
  const part = () => view.root.querySelector(view.root.classList.contains('fold') ? '.folded' : '.unfolded') || view.root;
  view.apply = () => view.root.setAttribute('transform', `translate(${view.x},${view.y}) scale(${view.k})`);
  view.fit = () => {
    const box = svg.getBoundingClientRect(), size = part().dataset;
    const w = +size.w || 1, h = +size.h || 1;
    view.k = Math.min(1.25, (box.width - 40) / w, (box.height - 40) / h);
    if (view.k < .3) view.k = Math.min(.8, Math.max(.3, (box.width - 40) / w));
    view.x = (box.width - w * view.k) / 2;
    const fits = h * view.k < box.height;
    view.y = fits ? (box.height - h * view.k) / 2 : box.height - h * view.k - 20;
    view.fitted = true;
    view.apply();
  };
  view.zoom = (f, x, y) => {
    const k = Math.min(6, Math.max(.01, view.k * f));
    view.x = x - (x - view.x) * k / view.k;
    view.y = y - (y - view.y) * k / view.k;
    view.k = k;
    view.apply();
  };
  svg.addEventListener('wheel', e => {
    e.preventDefault();
    const box = svg.getBoundingClientRect();
    view.zoom(Math.exp(-e.deltaY * .0015), e.clientX - box.left, e.clientY - box.top);
  }, {passive: false});
  let held = null, moved = false;
  svg.addEventListener('pointerdown', e => { held = [e.clientX, e.clientY]; moved = false; });
  svg.addEventListener('pointermove', e => {
    if (!held || !e.buttons) return;
    if (Math.hypot(e.clientX - held[0], e.clientY - held[1]) > 3 || moved) {
      if (!moved) svg.setPointerCapture(e.pointerId);
      moved = true;
      svg.classList.add('held');
      view.x += e.clientX - held[0];
      view.y += e.clientY - held[1];
      held = [e.clientX, e.clientY];
      view.apply();
    }
  });
  svg.addEventListener('pointerup', () => { held = null; svg.classList.remove('held'); });
  svg.addEventListener('click', e => {
    if (moved) return;
    const box = e.target.closest('.box[data-n]');
    choose(box ? +box.dataset.n : -1);
  });
  return view;
});
function show(i) {
  now = i;
  stages.forEach((s, k) => s.classList.toggle('on', k === i));
  tabs.forEach((t, k) => t.setAttribute('aria-selected', k === i));
  const view = views[i];
  for (const b of document.querySelectorAll('.drawn')) b.hidden = !view;
  document.getElementById('bodies').hidden = !view || !view.root.querySelector('.folded');
  aside.hidden = !view;
  if (view && !view.fitted) view.fit();
  choose(-1);
}
function add(parent, tag, text, kind) {
  const e = document.createElement(tag);
  if (text !== undefined) e.textContent = text;
  if (kind) e.className = kind;
  parent.appendChild(e);
  return e;
}
function choose(n, centre) {
  const view = views[now];
  if (!view) return;
  const root = view.root;
  for (const e of root.querySelectorAll('.near,.to,.from,.self,.around'))
    e.classList.remove('near', 'to', 'from', 'self', 'around');
  root.classList.toggle('chosen', n >= 0);
  if (n < 0) { aside.innerHTML = about; return; }
  const near = new Set([n]);
  for (const w of root.querySelectorAll(`.wire[data-a="${n}"],.wire[data-b="${n}"]`)) {
    w.classList.add('near', +w.dataset.b === n ? 'to' : 'from');
    if (w.dataset.a) near.add(+w.dataset.a);
    if (w.dataset.b) near.add(+w.dataset.b);
  }
  const users = new Set();
  for (const w of root.querySelectorAll(`.wire[data-a="${n}"]`)) if (w.dataset.b) users.add(+w.dataset.b);
  for (const b of root.querySelectorAll('.box[data-n]'))
    if (near.has(+b.dataset.n)) {
      b.classList.add('near');
      for (let p = b.parentNode.closest('.box'); p; p = p.parentNode.closest('.box')) p.classList.add('around');
    }
  for (const b of root.querySelectorAll(`.box[data-n="${n}"]`)) b.classList.add('self');
  const d = data[n];
  aside.textContent = '';
  add(aside, 'h2', d.label);
  if (d.summary) add(aside, 'p', d.summary);
  const list = add(aside, 'dl');
  const row = (name, text, kind) => { if (text) { add(list, 'dt', name); add(list, 'dd', text, kind); } };
  row('type', d.type, 'code');
  row('attributes', d.attributes, 'code');
  row('value', d.value, 'code');
  row('formula', d.formula, 'code');
  row('made at', d.place, 'code');
  const links = (name, ids) => {
    if (!ids.length) return;
    add(list, 'dt', name);
    for (const id of ids) {
      const dd = add(list, 'dd');
      if (typeof id === 'string') { dd.textContent = id; continue; }
      const a = add(dd, 'a', data[id].label + (data[id].type ? '  ' + data[id].type : ''));
      a.addEventListener('click', () => choose(id, true));
    }
  };
  links('inputs', d.inputs);
  links('used by', [...users]);
  row('why', d.remark, 'code');
  if (centre) {
    const box = [...root.querySelectorAll(`.box[data-n="${n}"]`)].find(b => b.getClientRects().length);
    if (box) {
      const a = view.svg.getBoundingClientRect(), b = box.getBoundingClientRect();
      view.x += a.left + a.width / 2 - b.left - b.width / 2;
      view.y += a.top + a.height / 2 - b.top - b.height / 2;
      view.apply();
    }
  }
}
let hits = [], at = 0;
const search = document.getElementById('search'), count = document.getElementById('count');
function find() {
  const view = views[now], text = search.value.trim().toLowerCase();
  for (const e of document.querySelectorAll('.hit')) e.classList.remove('hit');
  hits = [];
  if (view && text) {
    const seen = new Set();
    for (const b of view.root.querySelectorAll('.box[data-n]')) {
      const n = +b.dataset.n, d = data[n];
      if (!b.getClientRects().length) continue;
      if (![d.label, d.op, d.type, d.place, d.formula].some(t => t && t.toLowerCase().includes(text))) continue;
      b.classList.add('hit');
      if (!seen.has(n)) { seen.add(n); hits.push(n); }
    }
  }
  at = 0;
  count.textContent = text ? `${hits.length} found` : '';
}
search.addEventListener('input', find);
search.addEventListener('keydown', e => {
  if (e.key !== 'Enter' || !hits.length) return;
  choose(hits[at++ % hits.length], true);
});
tabs.forEach((t, k) => t.addEventListener('click', () => { show(k); find(); }));
const middle = f => {
  const view = views[now], box = view.svg.getBoundingClientRect();
  view.zoom(f, box.width / 2, box.height / 2);
};
document.getElementById('fit').addEventListener('click', () => views[now].fit());
document.getElementById('in').addEventListener('click', () => middle(1.3));
document.getElementById('out').addEventListener('click', () => middle(1 / 1.3));
document.getElementById('bodies').addEventListener('click', () => {
  views[now].root.classList.toggle('fold');
  views[now].fit();
});
const theme = document.getElementById('theme'), html = document.documentElement;
html.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
theme.addEventListener('click', () => { html.dataset.theme = html.dataset.theme === 'dark' ? 'light' : 'dark'; });
document.addEventListener('keydown', e => {
  if (e.key === 'Escape') choose(-1);
  if (e.key === '/' && document.activeElement !== search) { e.preventDefault(); search.focus(); }
});
show(0);
)js";

}  // namespace leapgraph::symbolic
