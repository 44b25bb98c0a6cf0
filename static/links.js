// Links of grids and lists, fetched into the page: what stands around them says by hx-target, hx-swap and hx-push-url
// where to. hx-boost would do the same by a listener of each link, which took longer than to draw the month.
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-boost] a');
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  htmx.ajax('GET', link.getAttribute('href'), { source: link, event }).catch(() => {}); // its events tell of a failure
});
