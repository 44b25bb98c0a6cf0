// Live notices. On a page with <body data-live="/ws/calendar/"> a socket says which calendar changed, never what.
// Each notice becomes the DOM event `events-changed` on <body> (detail: calendar, revision, events, live: true);
// htmx listens to it and fetches the fragment anew. What the page shows is known from
// <div id="grid" data-revisions='{"<calendar>": n}'>; after a lost connection the server compares.
// <body data-live-state="open|closed"> tells styles and tests.
const path = document.body?.dataset.live;
if (path) {
  const FIRST_DELAY = 500, LONGEST_DELAY = 30000, STEADY = 5000, QUIET = 10000, SETTLE = 1000;
  const PAINTED = 100; // a new page is drawn first: what it asks for by itself would take the server and the processor from that
  const SIGNED_OUT = 4401;
  const root = document.documentElement, body = document.body;
  const held = new Map(); // notices that came during a drag, by calendar
  const told = new Map(); // the latest notice of each calendar that the grid may not show yet
  let socket = null, retry = 0, steady = 0, attempts = 0, refusals = 0;
  let announcing = 0, announcedAt = -QUIET, changedHereAt = -QUIET;

  const revisions = () => {
    try {
      return JSON.parse(document.getElementById('grid')?.dataset.revisions || '{}');
    } catch {
      return {};
    }
  };

  const askForMissed = () => {
    const seen = revisions();
    if (socket?.readyState === WebSocket.OPEN && Object.keys(seen).length) socket.send(JSON.stringify({ seen }));
  };

  // --- notices -------------------------------------------------------------------------------
  const announce = () => {
    announcing = 0;
    const now = performance.now();
    // Who changed something here is told by the form; and a busy calendar must not talk all the time.
    if (now - changedHereAt < 2 * SETTLE || now - announcedAt < QUIET) return;
    announcedAt = now;
    document.getElementById('status')?.replaceChildren(gettext('Calendar updated'));
  };

  const tell = (notice) => {
    told.set(notice.calendar, notice);
    if (notice.revision <= (revisions()[notice.calendar] ?? -1)) return; // the page shows it already
    const { calendar, revision, events } = notice;
    const detail = { calendar, revision, events, live: true };
    body.dispatchEvent(new CustomEvent('events-changed', { bubbles: true, detail }));
    announcing ||= setTimeout(announce, SETTLE);
  };

  // A notice that comes while the grid is being fetched is lost with the old grid when the new one takes its place.
  const tellAgain = () => {
    const shown = revisions();
    for (const notice of told.values()) {
      if (notice.revision <= (shown[notice.calendar] ?? Infinity)) told.delete(notice.calendar);
      else receive(notice);
    }
  };

  const release = () => {
    if ('dragging' in root.dataset) return;
    const notices = [...held.values()];
    held.clear();
    notices.forEach(tell);
  };

  const hear = ({ data }) => {
    let notice;
    try {
      notice = JSON.parse(data);
    } catch {
      return;
    }
    if (notice?.type === 'events-changed') receive(notice);
  };

  const receive = (notice) => {
    if ('dragging' in root.dataset) {
      held.set(notice.calendar, notice);
      body.dispatchEvent(new CustomEvent('refresh-held'));
    } else tell(notice);
  };

  body.addEventListener('events-changed', (event) => {
    if (!event.detail?.live) changedHereAt = performance.now();
  });
  body.addEventListener('htmx:afterSettle', tellAgain);
  new MutationObserver(release).observe(root, { attributes: true, attributeFilter: ['data-dragging'] });

  // --- the pill ------------------------------------------------------------------------------
  // What it said of Google is old without a connection. Its own next request, or `online`, brings its words back.
  const sayCutOff = () => {
    const said = navigator.onLine ? gettext('Server not reached') : gettext('You are offline');
    const pill = document.getElementById('freshness'), dot = document.getElementById('sync-dot');
    pill?.classList.remove('is-live', 'is-busy', 'is-queued', 'is-asks', 'is-stale', 'is-bad');
    pill?.classList.add('is-off');
    pill?.replaceChildren(said);
    if (!dot) return;
    const words = document.createElement('span');
    words.className = 'visually-hidden';
    words.textContent = `, ${said[0].toLowerCase()}${said.slice(1)}`;
    dot.className = 'dot warn';
    dot.replaceChildren(words);
  };
  document.addEventListener('htmx:sendError', ({ target }) => { if (target.id === 'freshness') sayCutOff(); });

  // --- connection ----------------------------------------------------------------------------
  const connect = () => {
    clearTimeout(retry);
    retry = 0;
    if (socket) return;
    const opened = new WebSocket(new URL(path, location.href.replace(/^http/, 'ws')));
    socket = opened;
    opened.onopen = () => {
      body.dataset.liveState = 'open';
      // Not yet a success: a server may accept and hang up at once.
      steady = setTimeout(() => { attempts = refusals = 0; }, STEADY);
      askForMissed();
    };
    opened.onmessage = hear;
    opened.onclose = ({ code }) => {
      if (socket !== opened) return;
      clearTimeout(steady);
      socket = null;
      body.dataset.liveState = 'closed';
      if (code === SIGNED_OUT && ++refusals > 1) return; // the next look at the page tries again
      // Full jitter: after a restart of the server its pages come back spread out.
      retry = setTimeout(connect, Math.random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempts++));
    };
  };

  const drop = () => {
    const dropped = socket;
    socket = null;
    clearTimeout(steady);
    clearTimeout(retry);
    dropped?.close();
    body.dataset.liveState = 'closed';
  };

  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState !== 'visible') return;
    if (socket) askForMissed();
    else connect();
  });
  // A socket from before may look open and be dead.
  addEventListener('online', () => { drop(); connect(); });
  addEventListener('offline', () => { drop(); sayCutOff(); });
  addEventListener('pagehide', drop); // an open socket would keep the page out of the back/forward cache
  addEventListener('pageshow', () => setTimeout(connect, PAINTED));
  body.dataset.liveState = 'closed';
}
