// The search field: completes a query and puts it into the address.

const COMPLETIONS = 12;
const input = $("query"), list = $("completions");
let chosen = -1;

// Splits a query into everything up to the last sign, and the word after it.
const SIGN_APART = /^((?:.*\s)?[+\-−]\s+)(.*)$/s;
const SIGN_TOUCHES = /^((?:.*\s)?[+\-−])(.*)$/s;  // "king -man", unless words begin like that

/** The text before the word to complete, and the words that complete it. */
function completions() {
  const whole = [input.value, "", input.value];
  for (const match of [SIGN_APART.exec(input.value) ?? whole, SIGN_TOUCHES.exec(input.value)]) {
    const [, before, word] = match ?? whole;
    const words = models.flatMap(vectors => vectors.complete(word.trim(), COMPLETIONS));
    if (words.length) return {before, words: [...new Set(words)].slice(0, COMPLETIONS)};
  }
  return {words: []};
}

function close() {
  list.hidden = true;
  chosen = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function complete() {
  close();
  const {before, words} = completions();
  list.replaceChildren(...words.map((word, i) => {
    const item = make("li", {role: "option", id: `completion-${i}`, "aria-selected": "false"}, bdi(word));
    item.dataset.query = before + word;
    return item;
  }));
  if (!words.length) return;
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
}

function choose(number) {
  const count = list.children.length;
  chosen = (number + count) % count;
  [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === chosen)));
  list.children[chosen].scrollIntoView({block: "nearest"});
  input.setAttribute("aria-activedescendant", list.children[chosen].id);
}

function take(item) {
  input.value = item.dataset.query;
  submit();
}

function submit() {
  close();
  const q = input.value.trim();
  if (address({q, view: ""}) === location.hash) show();
  else go({q, view: ""});
}

function listenToSearch() {
  input.addEventListener("input", complete);
  input.addEventListener("blur", close);
  input.addEventListener("focus", () => input.select());
  input.addEventListener("keydown", event => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) complete();
      if (!list.hidden) choose(event.key === "ArrowDown" ? chosen + 1 : Math.max(chosen, 0) - 1);
    } else if (event.key === "Escape") {
      close();
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      take(list.children[chosen]);
    }
  });
  list.addEventListener("mousedown", event => event.preventDefault());  // keep the focus
  list.addEventListener("click", event => {
    const item = event.target.closest("li");
    if (item) take(item);
  });
  $("search").addEventListener("submit", event => { event.preventDefault(); submit(); });
  $("count").addEventListener("change", () => go({n: $("count").value}));
  addEventListener("keydown", event => {
    if (event.key !== "/" || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
    event.preventDefault();
    input.focus();
  });
}
