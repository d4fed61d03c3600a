// On a phone the menu is scrolled sideways: shows the entry of the page that is open.
"use strict";

const menu = document.querySelector("header nav");
const current = menu?.querySelector("[aria-current]");
if (current) menu.scrollLeft = current.offsetLeft - (menu.clientWidth - current.offsetWidth) / 2;
