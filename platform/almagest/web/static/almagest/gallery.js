// Keys and ticks of a gallery's cards. Verdicts are sent by the forms themselves; without a script they work as forms do.

const CARD = "article.candidate", AFTER_MS = 700;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const waiting = new Map();

for (const each of document.querySelectorAll("[data-scripted]")) each.hidden = false;

const all = () => [...document.querySelectorAll(CARD)];
const choices = (card) => [...card.querySelectorAll("button[name=choice]")];

// How many cards stand side by side.
function across(cards) {
  const below = cards.findIndex((card) => card.offsetTop > cards[0].offsetTop);
  return below < 0 ? cards.length : below;
}

function move(from, key) {
  const cards = all(), at = cards.indexOf(from);
  const to = at < 0 ? 0 : at + { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across(cards), ArrowUp: -across(cards) }[key];
  if (!cards[to]) return false;
  cards[to].focus({ preventScroll: true });
  cards[to].scrollIntoView({ block: "nearest", behavior: "auto" });
  return true;
}

// A tick alone says nothing yet; where there is a verdict already, it changes that, when the person has stopped to tick.
function ticked(card) {
  clearTimeout(waiting.get(card));
  waiting.set(card, setTimeout(() => {
    waiting.delete(card);
    const given = choices(card).find((button) => button.getAttribute("aria-pressed") === "true");
    given?.click();
  }, AFTER_MS));
}

function act(card, key) {
  if (key === "Enter") { card.querySelector("h2 a").click(); return true; }
  const choice = key >= "1" && key <= "9" && choices(card)[key - 1];
  if (choice) { choice.click(); return true; }
  const tick = LETTERS.includes(key) && card.querySelectorAll("input[name=tags]")[LETTERS.indexOf(key)];
  if (tick) { tick.click(); return true; }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const card = event.target.closest(CARD), isOnPage = event.target === document.body;
  if (!card && !isOnPage || event.target.matches("a, input:not([type=checkbox]), select, textarea")) return;
  const isArrow = event.key.startsWith("Arrow"), isOwn = event.target === card;
  // With nothing chosen, up and down scroll the page; on a button, Enter presses it.
  if (isArrow ? (isOnPage && !/Left|Right/.test(event.key)) : !card || (event.key === "Enter" && !isOwn)) return;
  if (isArrow ? move(card, event.key) : act(card, event.key)) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches(`${CARD} input[name=tags]`)) ticked(event.target.closest(CARD));
});

// A verdict that goes says all that is ticked: nothing waits any more.
document.addEventListener("htmx:beforeRequest", (event) => {
  const card = event.target.closest(CARD);
  if (!card) return;
  clearTimeout(waiting.get(card));
  waiting.delete(card);
});

// What is refused is said in the card.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.matches(".said-of") && event.detail.xhr.responseText.startsWith('<div class="said-of"')) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// What never arrived, or was answered by something else, is not kept: the card says so and keeps what was ticked.
const lost = (event) => {
  const said = event.detail.target?.closest(".said-of");
  if (!said) return;
  said.querySelector(".note.bad")?.remove();
  said.insertAdjacentHTML("beforeend", '<p class="note bad" role="alert">This was not kept. Try again, or reload the page.</p>');
};
document.addEventListener("htmx:responseError", lost);
document.addEventListener("htmx:sendError", lost);
