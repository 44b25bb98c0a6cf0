// The public booking pages; every one of them is whole without this.

// Show times by the guest's clock, unless the address says which zone they want.
const zoned = document.querySelector('[data-zone]');
const address = new URL(location.href);
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zoned && own && own !== zoned.dataset.zone && !address.searchParams.has('tz') && !address.searchParams.has('start')) {
  address.searchParams.set('tz', own);
  location.replace(address);
}

// Times that others take vanish and freed ones appear, while somebody looks.
const EVERY_SECONDS = 30;
const refresh = async () => {
  const live = document.querySelector('[data-live]');
  if (!live || document.hidden || live.contains(document.activeElement)) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const selector of ['[data-live]', '.bm tbody']) {
    const [before, after] = [document.querySelector(selector), page.querySelector(selector)];
    if (before && after && before.innerHTML !== after.innerHTML && !before.contains(document.activeElement)) {
      before.replaceChildren(...after.childNodes);
    }
  }
};
if (document.querySelector('[data-live]')) {
  setInterval(refresh, EVERY_SECONDS * 1000);
  document.addEventListener('visibilitychange', refresh);
}

// Keep the time while the form is open. Later than a robot would wait, so that looking at many forms keeps nothing.
const LOOKED_FOR_MS = 2300;
const form = document.querySelector('form[data-hold]');
const start = form?.querySelector('input[name=start]');
if (start) {
  let sent = false;
  const keep = async () => {
    const answer = await fetch(form.dataset.hold, { method: 'POST', body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (answer?.status !== 200 || sent) return;
    const { token, seconds } = await answer.json();
    form.elements.hold.value = token;
    count(Date.now() + seconds * 1000);
  };
  const count = (until) => {
    const [held, left, status] = ['held', 'left', 'hold-status'].map((id) => document.getElementById(id));
    held.hidden = false;
    status.textContent = 'This time is held for you for ten minutes.';
    const timer = setInterval(() => {
      const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      if (seconds) return;
      clearInterval(timer);
      held.hidden = true;
      form.elements.hold.value = '';
      status.textContent = 'The time is not held any more; it may still be free.';
    }, 1000);
  };
  if (!form.elements.hold.value) setTimeout(keep, LOOKED_FOR_MS);
  form.addEventListener('submit', () => { sent = true; });
  addEventListener('pagehide', () => {
    const token = form.elements.hold.value;
    if (!sent && token) navigator.sendBeacon(form.dataset.hold, new URLSearchParams({ release: token }));
  });
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
}
