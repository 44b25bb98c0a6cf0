// What scripts say, in the reader's language: a page in another one than English has
// <script type="application/json" id="words">{"English text": "…"}</script>; scheduling/script_words.py names all texts.
let words = null;
globalThis.gettext = (text, values = {}) => {
  words ??= JSON.parse(document.getElementById('words')?.textContent || '{}');
  return (words[text] ?? text).replace(/%\((\w+)\)s/g, (_, name) => values[name]);
};
