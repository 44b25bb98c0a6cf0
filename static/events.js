// Event details in the popover, forms in the dialog, toasts. Opened by what htmx swaps into #popover and
// #dialog-body; without this file the same links and forms are pages.
const dialog = document.getElementById('dialog');
const slot = document.getElementById('dialog-body');
const popover = document.getElementById('popover');
const TOAST_TIME = 10000;

// What stands for an element after its part of the page was drawn anew. What has no id there is known by where it leads:
// in its day first, for an event of several days is on each of them.
function find(el) {
  if (!el || el.isConnected) return el ?? null;
  const cell = document.getElementById(el.closest('.mg-day')?.id);
  const part = document.getElementById(el.closest('#grid, #mini')?.id);
  const link = `a[href^="${el.pathname}"]`;
  return (el.id && document.getElementById(el.id)) || cell?.querySelector(link) || part?.querySelector(link) || cell?.querySelector('.mg-n') || null;
}
globalThis.twinOf = find;

// --- popover: beside its event (CSS anchors it to `.is-selected`), also after the grid was drawn anew
let shown = null; // the event that the popover is about
function select(el) {
  shown?.classList.remove('is-selected');
  shown = el;
  shown?.classList.add('is-selected');
}
function showDetails(source) {
  popover.setAttribute('aria-labelledby', popover.querySelector('h2').id);
  if (popover.matches(':popover-open')) return;
  select(source);
  popover.showPopover({ source });
  popover.querySelector('button, a')?.focus({ preventScroll: true });
}
popover?.addEventListener('toggle', ({ newState }) => {
  if (newState !== 'closed') return;
  const from = shown;
  select(null);
  const { activeElement } = document; // after a refresh the browser does not know any more where the focus came from
  if ((activeElement === document.body || popover.contains(activeElement)) && !dialog.open) find(from)?.focus({ preventScroll: true });
});

// --- dialog
let opener = null;
let isDirty = false;
function showForm(source) {
  const form = slot.firstElementChild;
  if (!form) return;
  dialog.className = `dlg ${form.dataset.size ?? ''}`;
  dialog.setAttribute('aria-labelledby', form.getAttribute('aria-labelledby') ?? '');
  if (!dialog.open) {
    opener = popover.contains(source) ? shown : source;
    isDirty = false;
    dialog.showModal();
  }
  const first = form.querySelector('.is-invalid') ?? form.querySelector('#keep-mine') ?? form.querySelector('[autofocus]');
  first?.focus();
  if (first?.matches('#quick-add-text')) first.setSelectionRange(first.value.length, first.value.length);
}
dialog?.addEventListener('input', () => { isDirty = true; });
dialog?.addEventListener('close', () => {
  if (isDirty && slot.firstElementChild) {
    toast({ message: gettext('Closed without saving.'), icon: 'exclamation-circle' }, gettext('Continue'), () => { dialog.showModal(); });
  } else slot.replaceChildren();
  const back = find(opener) ?? document.getElementById('main');
  if (!dialog.contains(document.activeElement) && document.activeElement !== back) back?.focus({ preventScroll: true });
});
document.addEventListener('click', ({ target }) => {
  if (target.closest?.('[data-close]') && dialog.open) { isDirty = false; dialog.close(); }
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && dialog?.open) slot.querySelector('form')?.requestSubmit();
});

// --- the form: the end follows the start, the zone shows its name
let length = NaN;
const moment = (form, name) => Date.parse(`${form[`${name}_date`].value}T${form[`${name}_time`].value || '00:00'}Z`);
document.addEventListener('focusin', ({ target }) => {
  if (target.form?.id === 'event-form' && target.name?.startsWith('start_')) length = moment(target.form, 'end') - moment(target.form, 'start');
});
document.addEventListener('input', ({ target }) => {
  if (target.name === 'repeat_every') target.closest('.repeat').classList.toggle('is-one', Number(target.value) === 1);
});
document.addEventListener('change', ({ target }) => {
  if (target.form?.id !== 'event-form') return;
  const { form } = target;
  if (target.name === 'time_zone') target.closest('details').querySelector('summary').textContent = target.value;
  if (!target.name.startsWith('start_')) return;
  const end = new Date(moment(form, 'start') + length);
  if (length < 0 || Number.isNaN(end.getTime())) return;
  const [day, time] = end.toISOString().split('T');
  form.end_date.value = day;
  form.end_time.value = time.slice(0, 5);
});

// --- htmx
// Not before it settles: until then new elements carry the attributes of the old ones and do not listen.
document.addEventListener('htmx:afterSettle', ({ detail }) => {
  if (detail.target === popover && !isLate({ detail })) showDetails(detail.requestConfig.elt);
  else if (detail.target === slot) showForm(detail.requestConfig.elt);
  else if (shown) select(find(shown) ?? shown);
});
// A list asks for itself anew; closed meanwhile, it stays closed.
const isLate = ({ detail }) => detail.requestConfig.elt.matches('#day-list, #event') && !popover.matches(':popover-open');
document.addEventListener('htmx:beforeSwap', (event) => { if (isLate(event)) event.preventDefault(); });
document.addEventListener('htmx:beforeRequest', (event) => {
  const { elt } = event.detail;
  if (isLate(event)) event.preventDefault();
  else if (dialog?.contains(elt) && elt.matches('form, a')) document.getElementById('form-error')?.remove();
});
document.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.xhr?.status !== 204 || !detail.elt.hasAttribute('data-closes')) return;
  isDirty = false;
  if (dialog.contains(detail.elt)) dialog.close();
  else popover.hidePopover();
});

// --- toasts: one at a time, ten seconds, longer under the hand
function sign(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${document.body.dataset.icons}#${name}`);
  svg.setAttribute('class', 'i');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(use);
  return svg;
}
function make(tag, className, ...content) {
  const el = document.createElement(tag);
  el.className = className;
  el.append(...content);
  if (tag === 'button') el.type = 'button';
  return el;
}
function toast({ message, icon, bad = false }, label, action) {
  const regions = [document.getElementById('toasts'), document.getElementById('alerts')];
  const box = make('div', `toast-x${bad ? ' bad' : ''}`, sign(icon || 'check-lg'), make('span', 'grow', message));
  let timer = 0;
  const leave = () => { clearTimeout(timer); box.remove(); };
  const wait = () => { clearTimeout(timer); timer = setTimeout(leave, TOAST_TIME); };
  if (label) {
    const button = make('button', '', label);
    if (label === gettext('Undo')) button.dataset.undo = '';
    button.addEventListener('click', () => { leave(); action(); });
    box.append(button);
  }
  const dismiss = make('button', 'x', sign('x-lg'));
  dismiss.setAttribute('aria-label', gettext('Dismiss'));
  dismiss.addEventListener('click', leave);
  box.append(dismiss);
  for (const name of ['pointerenter', 'focusin']) box.addEventListener(name, () => clearTimeout(timer));
  for (const name of ['pointerleave', 'focusout']) box.addEventListener(name, wait);
  regions.forEach((region) => region.replaceChildren());
  regions[bad ? 1 : 0].append(box);
  wait();
}
function note(message, label, action) { // inside the modal dialog, where a toast could not be reached
  document.getElementById('form-error')?.remove();
  const box = make('div', 'note bad', sign('exclamation-circle'), make('p', '', message));
  box.id = 'form-error';
  box.setAttribute('role', 'alert');
  if (label) {
    const button = make('button', 'btn btn-quiet btn-sm', label);
    button.addEventListener('click', action);
    box.append(button);
  }
  slot.querySelector('.dlg-b, .qa-b')?.prepend(box);
  box.scrollIntoView({ block: 'nearest' });
}
document.addEventListener('toast', ({ detail }) => {
  const { undo } = detail;
  // A form that was saved closes its dialog right after this event.
  setTimeout(() => {
    if (dialog.open) note(detail.message);
    else if (undo) toast(detail, gettext('Undo'), () => htmx.ajax('POST', undo.url, { values: undo.values ?? {}, swap: 'none' }));
    else toast(detail);
  });
});

// --- reminders: only on a page that is looked at, and after what stands there already
document.addEventListener('reminder', ({ detail }) => {
  const say = () => {
    if (dialog.open || document.querySelector('.toast-x')) setTimeout(say, 1000);
    else toast(detail, detail.link.label, () => location.assign(detail.link.url));
  };
  say();
});
document.addEventListener('htmx:beforeRequest', (event) => {
  if (event.detail.elt.id === 'upcoming' && document.hidden) event.preventDefault();
});
document.addEventListener('visibilitychange', () => {
  const upcoming = document.getElementById('upcoming');
  if (upcoming && !document.hidden) htmx.trigger(upcoming, 'seen');
});

// --- what went wrong, in words; nothing that was typed is lost
function explain({ detail }, words) {
  const { elt, requestConfig, xhr } = detail;
  if (!requestConfig || /load|every|from:body/.test(elt.getAttribute('hx-trigger') ?? '')) return; // it tries again by itself
  if (xhr?.getResponseHeader?.('HX-Trigger')?.includes('"toast"')) return; // the server has said it
  const inForm = dialog?.open && dialog.contains(elt);
  const isRead = requestConfig.verb === 'get';
  const message = [isRead ? gettext('Not loaded.') : gettext('Not saved.'), words, ...(inForm ? [gettext('Your text is still in the form.')] : [])].join(' ');
  const isOwn = requestConfig.path === (elt.getAttribute('hx-get') ?? elt.getAttribute('hx-post') ?? elt.getAttribute('href'));
  const again = () => {
    if (elt.tagName === 'FORM') elt.requestSubmit();
    else if (elt === document.body) htmx.ajax(requestConfig.verb, requestConfig.path, { values: Object.fromEntries(requestConfig.formData), swap: 'none' });
    else if (elt.type === 'checkbox') { elt.checked = !elt.checked; elt.click(); }
    else if (elt.matches('input')) htmx.trigger(elt, 'input');
    else if (isOwn) elt.click();
    else htmx.ajax(requestConfig.verb, requestConfig.path, { source: elt, target: detail.target });
  };
  if (inForm) note(message, gettext('Try again'), again);
  else toast({ message, icon: 'exclamation-circle', bad: true }, elt.isConnected ? gettext('Try again') : '', again);
}
const WORDS = {
  403: () => gettext('This page is out of date. Reload it.'),
  404: () => gettext('It is not here any more.'),
  409: () => gettext('It was changed elsewhere in the meantime.'),
  413: () => gettext('That is too much text.'),
  422: () => gettext('The server did not understand it.'),
  429: () => gettext('Too many requests at once. Wait a minute.'),
  503: () => gettext('The server is busy.'),
};
// A conflict or a fault in what was typed comes with the form; without it something else has answered.
document.addEventListener('htmx:beforeSwap', ({ detail }) => {
  if ([409, 422].includes(detail.xhr.status) && detail.target === slot && !detail.serverResponse.includes('<form')) {
    detail.shouldSwap = false;
    detail.isError = true;
  }
});
document.addEventListener('htmx:responseError', (event) => explain(event, WORDS[event.detail.xhr.status]?.() ?? gettext('The server met a fault; it is on record there.')));
document.addEventListener('htmx:timeout', (event) => explain(event, gettext('The server did not answer for 15 s.')));
document.addEventListener('htmx:sendError', (event) => explain(event, navigator.onLine ? gettext('The server cannot be reached.') : gettext('You are offline.')));
