// Events under the hand: to another day or hour, by an edge longer or shorter, over free time a new one; with the
// mouse, after a long press, or with Space and the arrows. What is dropped shows at once and goes back when the
// server does not take it. <html data-dragging> holds the live refresh meanwhile; without this file the buttons and
// the form "Move to…" do the same.
const root = document.documentElement;
const ROWS = 288, SNAP = 3, FAR = 5, PRESS = 500, EDGE = 7, DAY = 864e5;
const grid = () => document.getElementById('grid');
const inTimes = () => grid().classList.contains('tg');
let press = null; // a pointer is down and nothing has moved yet
let drag = null;
let swallow = false; // the click that ends a drag

// --- days and places
const days = () => [...grid().querySelectorAll('.tg-col, .mg-day')].map((el) => ({ el, day: el.dataset.day ?? el.id.slice(2) }));
const later = (day, n) => new Date(Date.parse(day) + n * DAY).toISOString().slice(0, 10);
const between = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / DAY);
const clamp = (n, low, high) => Math.max(low, Math.min(high, n));
const two = (n) => String(n).padStart(2, '0');
const wall = (day, row) => (row > ROWS ? `${later(day, 1)}T00:00` : `${day}T${two(Math.floor((row - 1) / 12))}:${two(((row - 1) % 12) * 5)}`);
function clock(row) {
  const [hour, minute] = wall('2000-01-01', row).slice(11).split(':');
  return grid().dataset.clock === '24' ? `${hour}:${minute}` : `${hour % 12 || 12}:${minute} ${hour < 12 ? 'am' : 'pm'}`;
}
const spoken = (day) => new Intl.DateTimeFormat(root.lang === 'en' ? 'en-GB' : root.lang, { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' }).format(Date.parse(day));
const number = (el, name, otherwise) => Number(el.className.match(new RegExp(`(?:^| )${name}-(\\d+)`))?.[1] ?? otherwise);
const say = (text) => document.getElementById('status').replaceChildren(text);

// Where a point lies: {day, row}, row null above the hours and in the month; null outside of the grid.
function placeAt(x, y) {
  const frame = grid().getBoundingClientRect();
  if (x < frame.left || x > frame.right || y < frame.top || y > frame.bottom) return null;
  if (!inTimes()) {
    const cell = document.elementsFromPoint(x, y).find((el) => el.matches('.mg-day'));
    return cell ? { day: cell.id.slice(2), row: null } : null;
  }
  const all = days();
  const found = all.find(({ el }) => x < el.getBoundingClientRect().right) ?? all.at(-1);
  const body = found.el.getBoundingClientRect();
  const isAbove = y < grid().querySelector('.tg-top').getBoundingClientRect().bottom;
  return { day: found.day, row: isAbove ? null : clamp((y - body.top) / (body.height / ROWS) + 1, 1, ROWS) };
}
const ofEvent = (id) => `[data-rev][href^="/calendar/events/${id}/"]`;
const snap = (row) => Math.round((row - 1) / SNAP) * SNAP + 1;

// --- what is carried
function begin(el, mode, at, isByKeys = false) {
  const isEvent = el.hasAttribute('data-rev');
  const row = el.matches('.ev') ? number(el, 'r', 1) : null;
  const cell = el.closest('.tg-col, .mg-day');
  const first = cell?.dataset.day ?? cell?.id.slice(2) ?? days()[number(el, 'd', 1) - 1]?.day ?? at.day;
  const span = number(el, 'w', 1) - 1;
  drag = {
    el, mode, isByKeys, isEvent, row, first, last: later(first, span),
    isTimed: el.matches('.ev'), // a box of the hours; the others are moved by days
    rows: el.matches('.ev') ? number(el, 's', 12) : 12,
    grabbed: at, // where the hand took it
    day: first, at: row, // where it would be put
    until: later(first, span), // the last day of a bar or of new days
    pieces: isEvent ? [...grid().querySelectorAll(`[href="${el.getAttribute('href')}"]`)] : [],
    copy: null,
  };
  if (!isEvent) Object.assign(drag, { first: at.day, day: at.day, until: at.day, at: at.row });
  root.dataset.dragging = mode;
  document.getElementById('popover')?.hidePopover?.();
  for (const piece of drag.pieces) piece.classList.add('is-ghost');
  if (isEvent) draw();
  else follow(at);
}

function follow(place) {
  if (!place) { drag.isOut = true; draw(); return; }
  const { mode, grabbed } = drag;
  drag.isOut = false;
  if (mode === 'new') {
    const isRows = grabbed.row !== null;
    const step = 6;
    drag.day = isRows || place.day >= grabbed.day ? grabbed.day : place.day;
    drag.until = isRows ? grabbed.day : place.day > grabbed.day ? place.day : grabbed.day;
    if (isRows) {
      const start = Math.floor((grabbed.row - 1) / step) * step + 1;
      const row = place.row ?? 1, isDown = row >= start;
      drag.at = isDown ? start : snap(row);
      drag.rows = Math.max(SNAP, isDown ? snap(row + 1) - start : start + step - drag.at);
    }
  } else if (mode === 'move') {
    const shift = between(grabbed.day, place.day);
    drag.day = place.row === null && drag.isTimed ? place.day : later(drag.first, shift);
    drag.until = later(drag.last, shift);
    drag.at = place.row;
    if (place.row !== null) {
      const held = drag.isTimed ? grabbed.row - drag.row : 0;
      drag.at = clamp(snap(place.row - held), 1, ROWS - SNAP + 1);
      if (!drag.isTimed) drag.day = place.day;
    }
  } else if (drag.isTimed) { // an edge
    const end = drag.row + drag.rows;
    const row = place.row === null ? 1 : snap(place.row);
    if (mode === 'end') drag.rows = clamp(row, drag.row + SNAP, ROWS + 1) - drag.row;
    else { drag.at = clamp(row, 1, end - SNAP); drag.shown = end - drag.at; }
  } else if (mode === 'end') drag.until = place.day < drag.first ? drag.first : place.day;
  else drag.day = place.day > drag.last ? drag.last : place.day;
  draw();
}

// --- how it looks meanwhile
function make(tag, className, ...content) {
  const el = document.createElement(tag);
  el.className = className;
  el.append(...content);
  return el;
}
function draw() {
  drag.copy?.remove();
  for (const el of grid().querySelectorAll('.is-drop')) el.classList.remove('is-drop');
  drag.copy = null;
  if (drag.isOut) return;
  const color = drag.el.className.match(/e-\d+/)?.[0] ?? 'is-new';
  const title = drag.isEvent ? (drag.el.querySelector('.ev-t') ?? drag.el.lastChild).textContent.split('\n')[0] : gettext('New event');
  const all = days();
  if (inTimes() && drag.at !== null) {
    const column = all.find(({ day }) => day === drag.day)?.el;
    const rows = drag.shown ?? drag.rows;
    const label = make('span', 'ev-m', `${clock(drag.at)}–${clock(drag.at + rows)}`);
    drag.copy = make('div', `ev ${color} is-drag`, make('span', 'ev-in', make('span', 'ev-x', make('span', 'ev-t', title), ' ', label)));
    drag.copy.style.gridRow = `${drag.at} / span ${clamp(Math.max(rows, 6), 6, ROWS + 1 - drag.at)}`;
    column?.append(drag.copy);
  } else {
    const covered = all.map(({ day }, n) => ({ day, n })).filter(({ day }) => day >= drag.day && day <= (drag.isTimed && inTimes() ? drag.day : drag.until));
    if (!covered.length) return;
    if (inTimes()) {
      drag.copy = make('div', `bar ${color} is-drag d-${covered[0].n + 1} w-${covered.length} l-1`, make('span', 'ev-t trunc', title));
      grid().querySelector('.tg-all').append(drag.copy);
    } else {
      for (const { n } of covered) all[n].el.classList.add('is-drop');
      if (drag.isEvent) {
        drag.copy = make('div', `${drag.el.matches('.bar') ? 'bar' : 'chip'} ${color} is-drag l-1`, title);
        all[covered[0].n].el.append(drag.copy);
      }
    }
  }
  drag.copy?.setAttribute('aria-hidden', 'true');
}
function clear() {
  for (const el of grid().querySelectorAll('.is-drag')) el.remove();
  for (const name of ['is-ghost', 'is-drop']) for (const el of grid().querySelectorAll(`.${name}`)) el.classList.remove(name);
}
function stop(putBack = true) {
  clearTimeout(press?.timer);
  press = null;
  if (!drag) return;
  if (putBack) clear();
  drag = null;
  delete root.dataset.dragging;
}
function cancel() {
  if (drag?.isByKeys) say(gettext('Left where it was.'));
  stop();
}

// --- what it means: the fields of the address "move", null when nothing changes
function wanted() {
  const { el, mode, first, last, day, until, row, at, rows, isTimed } = drag;
  const shift = between(first, day);
  if (!isTimed) {
    if (at !== null) return { start: wall(day, at), all_day: 0 };
    if (mode === 'start') return shift ? { delta_days: shift, edge: 'start' } : null;
    const longer = between(last, until) - shift;
    return shift || longer ? { delta_days: shift, longer_minutes: longer * 1440 } : null;
  }
  if (at === null) return { start: day, all_day: 1 };
  if (mode === 'start') return at === row ? null : { start: wall(day, at), edge: 'start' };
  const values = {};
  // The part after midnight began on a day that may not be here.
  if ((shift || at !== row) && el.classList.contains('from')) Object.assign(values, { delta_days: shift, delta_minutes: (at - row) * 5 });
  else if (shift || at !== row) values.start = wall(day, at);
  if (rows !== number(el, 's', 12)) values.end = wall(day, at + rows);
  return Object.keys(values).length ? values : null;
}

function drop() {
  if (drag.isOut) { stop(); return; }
  const { el, mode } = drag;
  if (mode === 'new') { offer(); return; }
  const values = wanted();
  if (!values) { cancel(); return; }
  values.revision = el.dataset.rev;
  values.occurrence = new URLSearchParams(el.search).get('occurrence') ?? '';
  const path = `${el.pathname}move/`;
  const heard = ({ detail }) => {
    if (detail.requestConfig.path !== path) return;
    document.body.removeEventListener('htmx:afterRequest', heard);
    stop(!detail.successful || Boolean(detail.xhr?.getResponseHeader('HX-Retarget'))); // back too when it is asked something
  };
  document.body.addEventListener('htmx:afterRequest', heard);
  drag = { ...drag, isDropped: true };
  htmx.ajax('POST', path, { values, swap: 'none' });
}
function offer() { // the form for a new event over the chosen time
  const { day, until, at, rows, el } = drag;
  const source = el.matches('.slot') ? el : el.querySelector('.mg-new') ?? document.getElementById('new-event');
  const query = at !== null && inTimes()
    ? { start: wall(day, at), end: wall(day, at + rows) }
    : { start: day, end: until, all_day: 1 };
  const path = `${document.getElementById('new-event').pathname}?${new URLSearchParams(query)}`;
  stop();
  htmx.ajax('GET', path, { source, target: '#dialog-body', swap: 'innerHTML' });
}
// A second move may come before the grid is drawn anew.
document.body.addEventListener('events-changed', ({ detail }) => {
  if (!detail?.event || !grid()) return;
  for (const el of grid().querySelectorAll(ofEvent(detail.event))) el.dataset.rev = detail.revision;
});
document.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.elt.id === 'grid' && !drag) clear(); // nothing has changed after all
});

// --- by pointer
function edgeAt(el, x, y) {
  const box = el.getBoundingClientRect();
  if (el.matches('.ev')) {
    if (box.bottom - y < EDGE && !el.classList.contains('to')) return 'end';
    if (y - box.top < EDGE && box.height > 40 && !el.classList.contains('from')) return 'start';
  } else if (el.matches('.bar')) {
    if (box.right - x < EDGE && !el.classList.contains('to')) return 'end';
    if (x - box.left < EDGE && !el.classList.contains('from')) return 'start';
  }
  return 'move';
}
const carried = (target) => target.closest?.('#grid [data-rev]');
const free = (target) => target.closest?.('#grid .slot, #grid .tg-all, #grid .mg-day');

document.addEventListener('pointerdown', (event) => {
  if (drag || !grid() || event.button !== 0 || !event.isPrimary || event.target.closest('[popover]')) return;
  const el = carried(event.target) ?? (event.target.closest('a:not(.slot), button') ? null : free(event.target));
  if (!el) return;
  const at = placeAt(event.clientX, event.clientY);
  if (!at) return;
  const mode = el.hasAttribute('data-rev') ? edgeAt(el, event.clientX, event.clientY) : 'new';
  press = { el, mode, at, x: event.clientX, y: event.clientY, isTouch: event.pointerType === 'touch' };
  if (press.isTouch) press.timer = setTimeout(() => { begin(el, mode, at); press = null; navigator.vibrate?.(10); }, PRESS);
});
document.addEventListener('pointermove', (event) => {
  if (!event.isPrimary) return;
  if (press && Math.hypot(event.clientX - press.x, event.clientY - press.y) > FAR) {
    if (press.isTouch) { clearTimeout(press.timer); press = null; } // it scrolls
    else { begin(press.el, press.mode, press.at); press = null; }
  }
  if (drag && !drag.isByKeys && !drag.isDropped) {
    if (event.pointerType === 'mouse' && !event.buttons) { stop(); return; } // let go outside of the window
    drag.point = [event.clientX, event.clientY];
    follow(placeAt(...drag.point));
    scrollAlong();
  } else if (!event.buttons && event.pointerType === 'mouse') {
    const el = grid() && carried(event.target);
    if (el) el.dataset.edge = edgeAt(el, event.clientX, event.clientY);
  }
});
document.addEventListener('pointerup', () => {
  clearTimeout(press?.timer);
  press = null;
  if (!drag || drag.isByKeys || drag.isDropped) return;
  swallow = true;
  setTimeout(() => { swallow = false; });
  drop();
});
document.addEventListener('pointercancel', () => { if (!drag?.isByKeys && !drag?.isDropped) stop(); });
document.addEventListener('click', (event) => {
  if (swallow) { event.preventDefault(); event.stopImmediatePropagation(); }
}, true);
document.addEventListener('dragstart', (event) => { if (event.target.closest?.('#grid')) event.preventDefault(); });
document.addEventListener('contextmenu', (event) => { if (drag || press?.isTouch) event.preventDefault(); });
// A click above the hours; in the hours and in the month there is something to click on.
document.addEventListener('click', (event) => {
  if (!event.target.matches?.('.tg-all, .tg-all .vline')) return;
  const at = placeAt(event.clientX, event.clientY);
  if (!at) return;
  begin(event.target.closest('.tg-all'), 'new', at);
  drop();
});
document.addEventListener('touchmove', (event) => { if (drag) event.preventDefault(); }, { passive: false });

let scrolling = 0;
function scrollAlong() {
  if (scrolling || !inTimes()) return;
  const step = () => {
    scrolling = 0;
    if (!drag?.point || drag.isDropped) return;
    const el = grid(), box = el.getBoundingClientRect(), [x, y] = drag.point;
    const top = el.querySelector('.tg-top').getBoundingClientRect().bottom;
    const by = y > box.bottom - 28 ? 12 : drag.at !== null && y > top && y < top + 28 ? -12 : 0;
    const aside = el.scrollWidth <= el.clientWidth ? 0 : x > box.right - 28 ? 10 : x < box.left + 72 ? -10 : 0;
    if (!by && !aside) return;
    el.scrollBy(aside, by);
    follow(placeAt(x, y));
    scrolling = requestAnimationFrame(step);
  };
  scrolling = requestAnimationFrame(step);
}

// --- by keys: Space takes and drops, the arrows carry, with Shift they move the end
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
function tell() {
  const day = spoken(drag.day);
  const days = drag.until > drag.day && !drag.isTimed ? gettext('%(day)s to %(last)s', { day, last: spoken(drag.until) }) : day;
  if (drag.at === null || !drag.isTimed) say(days);
  else say(gettext('%(days)s, %(start)s to %(end)s', { days, start: clock(drag.at), end: clock(drag.at + drag.rows) }));
}
function carry(el) {
  begin(el, 'move', { day: el.closest('[data-day]')?.dataset.day ?? days()[0].day, row: null }, true);
  say(gettext('Picked up. Arrows move it, with Shift they change its end, Space drops it, Escape leaves it where it was.'));
}
function nudge([x, y], isEnd) {
  if (isEnd && (drag.el.matches('.chip') || drag.el.classList.contains('to'))) return; // its end is not here
  if (isEnd && drag.isTimed) drag.rows = clamp(drag.rows + y * SNAP, SNAP, ROWS + 1 - drag.at);
  else if (isEnd) drag.until = later(drag.until, drag.until === drag.day && x < 0 ? 0 : x);
  else {
    const step = x + (drag.isTimed ? 0 : y * 7);
    drag.day = later(drag.day, step);
    drag.until = later(drag.until, step);
    if (drag.isTimed) drag.at = clamp(snap(drag.at + y * SNAP), 1, ROWS - SNAP + 1);
  }
  draw();
  drag.copy?.scrollIntoView({ block: 'nearest' });
  tell();
}
document.addEventListener('keydown', (event) => {
  if (!drag) {
    if (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey || !event.target.matches?.('#grid [data-rev]')) return;
    event.preventDefault();
    carry(event.target);
    return;
  }
  if (drag.isDropped) return;
  if (event.key === 'Escape') { event.stopImmediatePropagation(); event.preventDefault(); cancel(); return; }
  if (!drag.isByKeys) return;
  if (event.key === 'Tab') { cancel(); return; }
  event.stopImmediatePropagation();
  if (ARROWS[event.key]) nudge(ARROWS[event.key], event.shiftKey);
  else if (event.key === ' ' || event.key === 'Enter') drop();
  else return;
  event.preventDefault();
}, true);
// A press of "Calendar changed – update" takes the focus, and with it the event is put back.
document.addEventListener('focusout', () => { if (drag?.isByKeys && !drag.isDropped) cancel(); });
document.addEventListener('click', ({ target }) => {
  const id = target.closest?.('[data-carry]')?.dataset.carry;
  if (!id) return;
  const dialog = document.getElementById('dialog');
  // Once the dialog has given the focus back.
  dialog.addEventListener('close', () => setTimeout(() => {
    const el = grid()?.querySelector(ofEvent(id));
    el?.focus();
    if (el) carry(el);
  }), { once: true });
  dialog.close();
});
