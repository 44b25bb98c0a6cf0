// The public booking pages; every one of them is whole without this.

// Show times by the guest's clock, unless the address says which zone they want.
const zoned = document.querySelector('[data-zone]');
const address = new URL(location.href);
const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zoned && own && own !== zoned.dataset.zone && !address.searchParams.has('tz') && !address.searchParams.has('start')) {
  address.searchParams.set('tz', own);
  location.replace(address);
}

const say = (id, words) => { document.getElementById(id).textContent = words; };

// Times that others take vanish and freed ones appear, while somebody looks: a socket says that there is news, never
// which, and the page is fetched anew. Without the socket the page looks by itself now and then.
const live = document.querySelector('[data-live]');
const LOOK_MS = 30000, SPREAD_MS = 1500, LATE_MS = 2000, RETRY_MS = 2000, LONGEST_RETRY_MS = 60000;
const REFUSALS = [4400, 4404, 4429];

const swap = (before, after) => {
  if (!before || !after || before.innerHTML === after.innerHTML) return false;
  const focused = before.contains(document.activeElement) ? document.activeElement : null;
  before.replaceChildren(...after.childNodes);
  if (focused) {
    const again = [...before.querySelectorAll('a')].find((link) => link.href === focused.href);
    (again ?? before.closest('section').querySelector('h2')).focus({ preventScroll: true });
  }
  return true;
};

const refresh = async () => {
  if (document.hidden) return;
  const answer = await fetch(location.href).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  swap(document.querySelector('.bm tbody'), page.querySelector('.bm tbody'));
  if (swap(live, page.querySelector('[data-live]'))) say('times-status', gettext('The free times have changed.'));
};

const listen = (retry, isFirst) => {
  const socket = new WebSocket(new URL(live.dataset.live, location.href.replace(/^http/, 'ws')));
  socket.addEventListener('open', () => {
    retry = RETRY_MS;
    live.dataset.state = 'listening';
    if (!isFirst || performance.now() > LATE_MS) refresh(); // something may have changed before anybody listened
  });
  // Not all guests at once.
  socket.addEventListener('message', () => setTimeout(refresh, Math.random() * SPREAD_MS));
  socket.addEventListener('close', ({ code }) => {
    if (!REFUSALS.includes(code)) setTimeout(listen, retry * (1 + Math.random()), Math.min(2 * retry, LONGEST_RETRY_MS), false);
  });
};

if (live) {
  setInterval(refresh, LOOK_MS);
  document.addEventListener('visibilitychange', refresh);
  if (live.dataset.live) listen(RETRY_MS, true);
}

// Keep the time while the form is open. Later than a robot would wait, so that looking at many forms keeps nothing.
const LOOKED_FOR_MS = 2300, WARN_SECONDS = 120;
const form = document.querySelector('form[data-hold]');
if (form?.querySelector('input[name=start]')) {
  const { hold } = form.elements;
  const [held, left, extend] = ['held', 'left', 'extend'].map((id) => document.getElementById(id));
  let sent = false, timer = 0;

  const ask = async (fields) => {
    const answer = await fetch(form.dataset.hold, { method: 'POST', body: new URLSearchParams(fields) }).catch(() => null);
    return answer?.status === 200 ? answer.json() : null;
  };

  const count = (until) => {
    clearInterval(timer);
    held.hidden = false;
    const tick = () => {
      const seconds = Math.max(0, Math.round((until - Date.now()) / 1000));
      left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      if (seconds === WARN_SECONDS) say('hold-status', gettext('This time is held for two more minutes. “Keep it longer” makes it ten.'));
      if (seconds) return;
      clearInterval(timer);
      held.hidden = true;
      hold.value = '';
      say('hold-status', gettext('The time is not held any more; it may still be free.'));
    };
    tick();
    timer = setInterval(tick, 1000);
  };

  const keep = async () => {
    const kept = await ask(new FormData(form));
    if (!kept || sent) return;
    hold.value = kept.token;
    say('hold-status', gettext('This time is held for you for ten minutes.'));
    count(Date.now() + kept.seconds * 1000);
  };

  extend.addEventListener('click', async () => {
    const kept = await ask({ extend: hold.value });
    if (!kept) {
      extend.hidden = true;
      say('hold-status', gettext('It cannot be held longer. Send the form while the time runs.'));
      return;
    }
    count(Date.now() + kept.seconds * 1000);
    say('hold-status', gettext('Held for %(minutes)s more minutes.', { minutes: Math.round(kept.seconds / 60) }));
  });

  if (!hold.value) setTimeout(keep, LOOKED_FOR_MS);
  form.addEventListener('submit', () => { sent = true; });
  addEventListener('pagehide', () => {
    if (!sent && hold.value) navigator.sendBeacon(form.dataset.hold, new URLSearchParams({ release: hold.value }));
  });
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
}
