// Small pieces of page that every module here is made of.

export const $ = (id) => document.getElementById(id);

// Children are nodes or strings. A string becomes a text node, whatever it contains.
export const element = (tag, className, ...children) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
};

export const button = (label, action) => {
  const made = element("button", "link", label);
  made.type = "button";
  made.addEventListener("click", action);
  return made;
};

// On a phone, focusing a field opens the keyboard over half of the page. There the
// person decides when to type.
export const focusField = (field) => {
  if (matchMedia("(pointer: fine)").matches) field.focus();
};
