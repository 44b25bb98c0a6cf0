// Pages whose theme is "system" follow the device: by the stylesheet, and here by Bootstrap's name for it.
if (document.documentElement.dataset.theme === 'system') {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const follow = () => { document.documentElement.dataset.bsTheme = dark.matches ? 'dark' : 'light'; };
  follow();
  dark.addEventListener('change', follow);
}
