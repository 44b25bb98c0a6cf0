// htmx walks the whole page as soon as it is parsed, which takes as long as to draw a month: the first frame comes before.
// So this script has to come before htmx. Links and forms work without it meanwhile.
const LONGEST = 2000; // ms; a window that is covered meanwhile gets no frame
const hold = (event) => {
  event.stopImmediatePropagation();
  let isOver = false;
  const go = () => {
    if (!isOver) document.dispatchEvent(new Event('DOMContentLoaded'));
    isOver = true;
  };
  requestAnimationFrame(() => setTimeout(go));
  setTimeout(go, LONGEST);
};
if (!document.hidden) document.addEventListener('DOMContentLoaded', hold, { once: true });
