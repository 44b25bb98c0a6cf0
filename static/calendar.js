// The grids under the hand: what a refresh must not disturb, the roving tab stop, swipes, the now line.
// Without this file every link still works.
const root = document.documentElement;
const grid = () => document.getElementById('grid');
const isTimes = (el) => el.classList.contains('tg');
let kept = null; // what to restore after the grid was swapped
let isHeld = false; // a refresh came while something was in the hand
function tellHeld(isOn) {
  const button = document.getElementById('held');
  if (button) button.hidden = !isOn;
}
function hold() {
  isHeld = true;
  tellHeld(true);
}
let focusNext = false; // the keyboard turned the page: focus the new grid's tab stop

// --- refresh
document.addEventListener('htmx:beforeRequest', (event) => {
  if (event.detail.elt.id === 'grid' && 'dragging' in root.dataset) { hold(); event.preventDefault(); }
});
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if (detail.target.id !== 'grid' || !detail.shouldSwap) return;
  const isRefresh = detail.requestConfig.elt.id === 'grid';
  if (isRefresh && 'dragging' in root.dataset) { hold(); detail.shouldSwap = false; return; }
  const old = grid();
  const scroller = isTimes(old) ? old : old.closest('.main');
  kept = {
    isRefresh, isTimes: isTimes(old), top: scroller.scrollTop, left: scroller.scrollLeft,
    focus: document.activeElement,
    stop: isRefresh && stops(old).find((stop) => stop.tabIndex === 0),
  };
});
document.addEventListener('htmx:afterSwap', () => {
  if (!kept) return;
  const { isRefresh, top, left, focus, stop } = kept;
  const was = kept.isTimes;
  kept = null;
  const now = grid();
  const scroller = isTimes(now) ? now : now.closest('.main');
  if (isRefresh) scroller.scrollTo(left, top);
  else if (isTimes(now)) scrollFirst(now, was ? top : null);
  else scroller.scrollTo(0, 0);
  prepare(twinOf(stop));
  if (focusNext) stops(now).find((el) => el.tabIndex === 0)?.focus();
  else if (focus !== document.body && document.activeElement === document.body) twinOf(focus)?.focus({ preventScroll: true });
  focusNext = false;
});
new MutationObserver(() => {
  if ('dragging' in root.dataset) return;
  tellHeld(false);
  if (isHeld) { isHeld = false; htmx.trigger(document.body, 'events-changed'); }
}).observe(root, { attributeFilter: ['data-dragging'] });

let retry = 0; // of a refresh that failed: nobody asked for it, so nobody will ask again
for (const name of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) {
  document.addEventListener(name, ({ detail }) => {
    if (detail.elt.id !== 'grid') return;
    clearTimeout(retry);
    retry = setTimeout(() => htmx.trigger(document.body, 'events-changed'), 5000);
  });
}
document.body.addEventListener('refresh-held', () => tellHeld(true)); // its notice comes afterwards

// --- first scroll: working hours, and today where only three days fit
function scrollFirst(el, top) {
  el.scrollTop = top ?? el.querySelector('.first').offsetTop - 14;
  const today = el.querySelector('.tg-col.is-today');
  if (today && el.scrollWidth > el.clientWidth + 4) el.scrollLeft = today.offsetLeft - el.querySelector('.tg-hours').offsetWidth;
}

// --- one tab stop in a grid of many: the days of a month (with what is on them) or half hours
const stops = (el = grid()) => [...el.querySelectorAll('.mg-n, .slot')];
const cellOf = (stop) => stop.closest('.mg-day');
const reach = (stop) => (cellOf(stop) ? [...cellOf(stop).querySelectorAll('a:not([hidden]), button')] : [stop]);
function prepare(stop) {
  const all = stops();
  const current = stop || all.find((el) => el.tabIndex === 0);
  for (const el of all) for (const link of reach(el)) link.tabIndex = el === current ? 0 : -1;
}
function moveStop(to) {
  for (const from of grid().querySelectorAll('.mg-n[tabindex="0"], .slot[tabindex="0"]')) for (const link of reach(from)) link.tabIndex = -1;
  for (const link of reach(to)) link.tabIndex = 0;
}
function slotBehind(box) { // the half hour that an event of the time grid begins in
  const row = Number(box.className.match(/\br-(\d+)/)[1]);
  const all = [...box.closest('.tg-col').querySelectorAll('.slot')];
  return all.findLast((slot) => Number(slot.className.match(/\br-(\d+)/)[1]) <= row);
}
const stopAt = (el) => el.closest?.('#grid .slot') ?? el.closest?.('#grid .mg-day')?.querySelector('.mg-n');
document.addEventListener('focusin', ({ target }) => {
  const stop = stopAt(target);
  if (stop && stop.tabIndex !== 0) moveStop(stop);
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && event.target.matches?.('#grid .tg-col .ev') && !document.querySelector(':popover-open')) slotBehind(event.target).focus();
  const stop = stopAt(event.target);
  if (!stop || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target !== stop) { // on an event of the day
    if (event.key === 'Escape' && !document.querySelector(':popover-open')) stop.focus();
    return;
  }
  const isDay = Boolean(cellOf(stop));
  const all = stops();
  const columns = Number(isDay ? stop.closest('.mg').dataset.columns : grid().dataset.days);
  const rows = all.length / columns;
  // Days come row by row, half hours column by column.
  const at = all.indexOf(stop);
  let row = isDay ? Math.floor(at / columns) : at % rows;
  let column = isDay ? at % columns : Math.floor(at / rows);
  if (event.key === 'ArrowLeft') column -= 1;
  else if (event.key === 'ArrowRight') column += 1;
  else if (event.key === 'ArrowUp') row -= 1;
  else if (event.key === 'ArrowDown') row += 1;
  else if (event.key === 'Home') column = 0;
  else if (event.key === 'End') column = columns - 1;
  else if (event.shiftKey && isDay && event.key.startsWith('Page')) { turnYear(stop, event.key === 'PageUp' ? -1 : 1); event.preventDefault(); return; }
  else if (event.key === 'PageUp') row = -Infinity;
  else if (event.key === 'PageDown') row = Infinity;
  else return;
  event.preventDefault();
  if (isDay && (column < 0 || column >= columns)) {
    row += Math.sign(column);
    column = column < 0 ? columns - 1 : 0;
  }
  const turn = row < 0 || column < 0 ? 'previous' : row >= rows || column >= columns ? 'next' : '';
  if (!turn) all[isDay ? row * columns + column : column * rows + row].focus();
  else if (isDay || !Number.isFinite(row) || column < 0 || column >= columns) { // midnight is an edge, not a way on
    focusNext = true;
    document.getElementById(`go-${turn}`).click();
  }
});
function turnYear(stop, by) {
  const [year, month, day] = cellOf(stop).id.slice(2).split('-').map(Number);
  const last = new Date(Date.UTC(year + by, month, 0)).getUTCDate(); // 29 February has no twin
  focusNext = true;
  go(`${year + by}-${String(month).padStart(2, '0')}-${String(Math.min(day, last)).padStart(2, '0')}`);
}
function go(day) { // to this day in the view that is shown
  const { view } = grid().dataset;
  htmx.ajax('GET', `/calendar/${view}/${day}/`, { source: '#go-next', target: '#grid', swap: 'outerHTML' });
}
document.addEventListener('go-to', ({ detail }) => go(detail));
document.addEventListener('click', ({ target }) => {
  const cell = target.closest?.('#grid .mg-day');
  if (!cell || target.closest('a, button, [popover]')) return;
  if (matchMedia('(max-width: 767.98px)').matches) go(cell.id.slice(2));
  else cell.querySelector('.mg-new').click();
});

// --- a swipe turns the page, where nothing scrolls sideways
let finger = null;
document.addEventListener('touchstart', ({ target, touches }) => {
  const el = grid();
  const isFree = el?.contains(target) && touches.length === 1 && el.scrollWidth <= el.clientWidth + 4;
  finger = isFree ? { x: touches[0].clientX, y: touches[0].clientY, at: performance.now() } : null;
}, { passive: true });
document.addEventListener('touchend', ({ changedTouches: [end] }) => {
  if (!finger || 'dragging' in root.dataset) return;
  const x = end.clientX - finger.x, y = end.clientY - finger.y;
  if (Math.abs(x) > 60 && Math.abs(y) < 40 && performance.now() - finger.at < 600) document.getElementById(x < 0 ? 'go-next' : 'go-previous').click();
});

// --- the now line, minute by minute, in the zone of the page
function moveNow() {
  const line = grid()?.querySelector('.tg-col.is-today');
  if (!line) return;
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone: grid().dataset.zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).formatToParts();
  const get = (type) => parts.find((part) => part.type === type).value;
  if (`${get('year')}-${get('month')}-${get('day')}` !== line.dataset.day) { htmx.trigger(document.body, 'events-changed'); return; }
  const row = Math.floor((Number(get('hour')) * 60 + Number(get('minute'))) / 5) + 1;
  for (const el of grid().querySelectorAll('.now, .now-t')) el.style.gridRowStart = row;
  const label = grid().querySelector('.now-t');
  if (grid().dataset.clock === '24') label.textContent = `${get('hour')}:${get('minute')}`;
  else label.textContent = `${Number(get('hour')) % 12 || 12}:${get('minute')} ${get('hour') < 12 ? 'am' : 'pm'}`;
}

// --- an event that was searched for, in the grid or behind its "+N more"
function seek(id) {
  const event = document.getElementById(id);
  const more = grid().querySelector('.more');
  if (event && grid().contains(event)) {
    event.scrollIntoView({ block: 'center' });
    event.focus({ preventScroll: true });
  } else if (id.startsWith('ev-') && more) {
    document.addEventListener('htmx:afterSettle', () => setTimeout(() => document.getElementById(id.replace('ev', 'li'))?.focus()), { once: true });
    // htmx comes after this script
    document.addEventListener('DOMContentLoaded', () => htmx.ajax('GET', more.getAttribute('href'), { source: more, target: '#popover' }));
  }
}

if (grid()) {
  // The server takes a phone for one by what it says; a narrow window says nothing.
  if (location.pathname === '/calendar/' && grid().dataset.view === 'month' && matchMedia('(max-width: 639.98px)').matches) document.getElementById('view-agenda').click();
  prepare();
  if (isTimes(grid())) scrollFirst(grid(), null);
  seek(decodeURIComponent(location.hash.slice(1)));
  setInterval(moveNow, 15000);
}
