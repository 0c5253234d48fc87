// Asking a model what it makes of the spectrum: the page is shown anew as soon as the answer is there.

// Seconds between one look and the next, about two minutes in all: a worker may have to load the model first.
const PAUSES = [1, 1, 2, 3, 5, 8, 10, 15, 20, 25, 30];
const count = ({ spectra }) => spectra.reduce((sum, { models }) => sum + models.length, 0);
const pause = (seconds) => new Promise((done) => setTimeout(done, 1000 * seconds));

export function listenToAsking(element, data) {
  for (const form of element.querySelectorAll("[data-asks]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      // What cannot be asked so is asked as without a script, which says why.
      ask(form, element.dataset.spectra, count(data)).catch(() => form.submit());
    });
  }
}

async function ask(form, address, before) {
  const [button, told] = form.querySelectorAll("button, output"), answer = await fetch(form.action, { method: "POST", body: new FormData(form) });
  if (!answer.ok) throw new Error(`${answer.status} ${answer.statusText}`);
  button.disabled = true;
  told.value = "asked; it will show here in a moment";
  if (await isThere(address, before)) location.reload();
  else told.value = "not there yet: reload the page later, or see how its run goes";
}

async function isThere(address, before) {
  for (const seconds of PAUSES) {
    await pause(seconds);
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok && count(await answer.json()) > before) return true;
  }
  return false;
}
