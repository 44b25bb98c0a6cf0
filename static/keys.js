// Single keys. They keep still while somebody types, while a dialog is open, and when the settings say so.
const grid = () => document.getElementById('grid');
const dialogs = 'dialog[open]';
const press = (id) => document.getElementById(id)?.click();
const onEvent = () => document.activeElement?.closest?.('#grid [data-event]');
const details = () => document.querySelector('#popover:popover-open #event');

function remove() {
  if (details()) { press('event-delete'); return; }
  const event = onEvent();
  if (event?.hasAttribute('data-rev')) htmx.ajax('POST', `${event.pathname}delete/${event.search}`, { source: event, target: event, swap: 'none' });
}
function add() { // on the day that has the focus
  const day = document.activeElement.closest('.mg-day')?.querySelector('.mg-new');
  if (day) day.click();
  else press('new-event');
}
function undo() {
  [...document.querySelectorAll('.toast-x button:not(.x)')].find((button) => button.dataset.undo !== undefined)?.click();
}
const KEYS = {
  j: 'go-next', n: 'go-next', k: 'go-previous', p: 'go-previous', t: 'go-today',
  d: 'view-day', 1: 'view-day', w: 'view-week', 2: 'view-week', m: 'view-month', 3: 'view-month', a: 'view-agenda', 5: 'view-agenda',
  q: 'new-btn',
  '/': () => document.querySelector('a[href^="/calendar/search/"]')?.click(),
  c: add, z: undo, Delete: remove, Backspace: remove,
  e: () => (details() ? press('event-edit') : onEvent()?.click()),
  g: () => document.getElementById('go-date').showModal(),
  s: () => location.assign('/calendar/settings/'),
  r: () => htmx.trigger(document.body, 'events-changed'),
  '?': () => document.getElementById('shortcuts').showModal(),
};
document.addEventListener('keydown', (event) => {
  if (!('shortcuts' in document.body.dataset) || !grid() || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
  if (event.target.closest?.('input, textarea, select, [contenteditable]') || document.querySelector(dialogs)) return;
  const action = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action || (event.shiftKey && event.key !== '?' && event.key !== '/')) return;
  event.preventDefault();
  if (typeof action === 'string') press(action);
  else action();
});
document.getElementById('go-date')?.addEventListener('submit', ({ target }) => {
  const day = target.elements.day.value;
  if (day) document.dispatchEvent(new CustomEvent('go-to', { detail: day }));
});

// --- in the editor
document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || !document.getElementById('event-form')?.closest(dialogs)) return;
  if (event.key === 'Delete') press('form-delete');
  else if (event.key.toLowerCase() === 'd' && document.getElementById('form-copy')) press('form-copy');
  else return;
  event.preventDefault();
});
