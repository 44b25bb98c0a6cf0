// Runs before the first paint: pages whose theme is "system" follow the device, day and night.
const dark = matchMedia('(prefers-color-scheme: dark)');
const follow = () => { document.documentElement.dataset.bsTheme = dark.matches ? 'dark' : 'light'; };
follow();
dark.addEventListener('change', follow);
