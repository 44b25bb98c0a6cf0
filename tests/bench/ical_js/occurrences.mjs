// Reads {"files": {name: ics}, "start": ISO, "end": ISO} from stdin; prints {name: [[start, end, title], …]} as ical.js sees it.
import ICAL from "ical.js";
import { readFileSync } from "node:fs";

const given = JSON.parse(readFileSync(0, "utf8"));
const start = Date.parse(given.start), end = Date.parse(given.end);
const text = time => time.isDate ? time.toString() : time.toJSDate().toISOString().slice(0, 16) + "Z";
const instant = time => time.isDate ? Date.UTC(time.year, time.month - 1, time.day) : time.toUnixTime() * 1000;

function occurrences(ics) {
  const root = new ICAL.Component(ICAL.parse(ics));
  for (const zone of root.getAllSubcomponents("vtimezone"))
    ICAL.TimezoneService.register(new ICAL.Timezone(zone), zone.getFirstPropertyValue("tzid"));
  const components = root.getAllSubcomponents("vevent");
  const found = [];
  const add = (from, to, title) => {
    const [a, b] = [instant(from), instant(to)];
    if (a < end && (b > start || a >= start)) found.push([text(from), text(to), title ?? ""]);
  };
  for (const component of components) {
    if (component.hasProperty("recurrence-id")) continue;
    const event = new ICAL.Event(component);
    for (const other of components)
      if (other.hasProperty("recurrence-id") && other.getFirstPropertyValue("uid") === event.uid)
        event.relateException(new ICAL.Event(other));
    if (!event.isRecurring()) { add(event.startDate, event.endDate, event.summary); continue; }
    const iterator = event.iterator();
    for (let next, count = 0; (next = iterator.next()) && count < 5000; count++) {
      const details = event.getOccurrenceDetails(next);
      if (instant(next) > end + 40 * 864e5) break;
      add(details.startDate, details.endDate, details.item.summary);
    }
  }
  return found.sort();
}

const result = {};
for (const [name, ics] of Object.entries(given.files)) {
  ICAL.TimezoneService.reset();
  try { result[name] = occurrences(ics); } catch (error) { result[name] = String(error); }
}
console.log(JSON.stringify(result));
