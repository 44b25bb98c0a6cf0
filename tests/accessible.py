"""What is wrong with a page as people see it: the rules of axe in both themes on a desk and on a phone, and room."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

AXE = Axe().axe_script  # for `add_init_script` where many pages are looked at; else `faults_of` brings it
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 640}
# In this order each step changes one thing, and a page can be followed by another.
LOOKS = ((DESK, "light"), (DESK, "dark"), (PHONE, "dark"), (PHONE, "light"))
NARROW = (1024, 768, 320)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What of them reads colours; all others find in the dark what they found in the light.
RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
  .filter((el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .filter((el) => {
    const boxes = [el, ...(el.labels ?? [])].map((part) => part.getBoundingClientRect());
    const isInText = el.matches('p a, small a, dd a, td a, .ag-t a, label a');
    return boxes[0].width > 1 && !isInText && !boxes.some((box) => box.width > 23.5 && box.height > 23.5);
  }).map((el) => `target too small: ${el.outerHTML.slice(0, 160)}`)"""
# Off the edge of the screen, and in nothing that could be scrolled there.
CUT_OFF = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
  .filter((el) => el.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
  .filter((el) => {
    const box = el.getBoundingClientRect();
    for (let up = el.parentElement; up; up = up.parentElement)
      if (/auto|scroll/.test(getComputedStyle(up).overflowX) && up.scrollWidth > up.clientWidth) return false;
    return box.width > 1 && box.right > innerWidth + 1 && box.left > 0;
  }).map((el) => `cut off: ${el.outerHTML.slice(0, 160)}`)"""
WIDE_SPACING = """() => document.querySelectorAll('body *').forEach((el) => {
  Object.assign(el.style, { letterSpacing: '.12em', wordSpacing: '.16em', lineHeight: '1.5' }); })"""


def faults_of(page: Page) -> dict[str, list[str]]:
    """What breaks a rule of axe, by theme and width; the page is left light and narrow."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE)
    found = {}
    for size, theme in LOOKS:
        _resize(page, **size)
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(page.locator(f"html[data-bs-theme={theme}], html:not([data-bs-theme])")).to_be_attached()
        page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
        is_light = theme == "light"
        rules = {"type": "tag", "values": RULES} if is_light else {"type": "rule", "values": RULES_OF_COLOUR}
        found[f"{page.url} {theme} {size['width']}"] = _violations(page, rules)
    return {where: faults for where, faults in found.items() if faults}


def crowding_of(page: Page) -> dict[str, list[str]]:
    """Targets under 24 px on a phone, and pages that scroll sideways; the spacing of its text is spoilt after it."""
    _resize(page, **PHONE)
    found = {f"{page.url} 360": page.evaluate(SMALL_TARGETS) + page.evaluate(CUT_OFF)}
    for width in NARROW:
        _resize(page, width, 640)
        found[f"{page.url} {width}"] = _sideways(page)
    page.evaluate(WIDE_SPACING)
    found[f"{page.url} {width}, wide spacing"] = _sideways(page)
    return {where: faults for where, faults in found.items() if faults}


def _resize(page: Page, width: int, height: int) -> None:
    """Not to what it is: that costs a new layout all the same."""
    size: ViewportSize = {"width": width, "height": height}
    if page.viewport_size != size:
        page.set_viewport_size(size)


def _violations(page: Page, rules: dict[str, Any]) -> list[str]:
    options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
    violations = page.evaluate("options => axe.run(options).then(found => found.violations)", options)
    return [f"{one['id']}: {node['html'][:160]}" for one in violations for node in one["nodes"]]


def _sideways(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return [f"scrolls sideways by {wide} px"] if wide > 0 else []
