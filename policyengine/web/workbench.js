"use strict";
// Sends the files of the form one by one, as they are, asks for them to be judged, and shows how far that is.
(() => {
  const form = document.getElementById("judge"), progress = document.getElementById("progress");
  const problem = document.getElementById("problem"), button = form.querySelector("button");
  const say = text => { progress.hidden = !text; progress.textContent = text; };
  const fail = text => { say(""); problem.hidden = !text; problem.textContent = text; };

  const ask = async (address, body) => {
    const answer = await fetch(address, { method: "POST", body }).catch(() => null);
    if (!answer) throw new Error(form.dataset.gone);
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.problem);
    return told;
  };
  const watch = batch => setInterval(async () => {
    const answer = await fetch(`/progress?batch=${batch}`).catch(() => null);
    if (!answer || !answer.ok) return;
    const { share } = await answer.json();
    if (button.disabled) say(share === null ? form.dataset.waiting : `${form.dataset.judging} ${Math.floor(100 * share)} %`);
  }, 500);

  form.addEventListener("submit", async event => {
    event.preventDefault();
    fail("");
    button.disabled = true;
    const batch = Array.from(crypto.getRandomValues(new Uint8Array(8)), b => b.toString(16).padStart(2, "0")).join("");
    let watching = 0;
    try {
      for (const input of form.querySelectorAll("input[type=file]"))
        for (const file of input.files) {
          say(`${form.dataset.sending} ${file.name}`);
          await ask(`/files/${batch}/${input.name}?name=${encodeURIComponent(file.name)}`, file);
        }
      say(form.dataset.judging);
      watching = watch(batch);
      const wanted = { batch, policy: form.elements.policy.value, period: form.elements.period.value };
      location = (await ask("/judge", JSON.stringify(wanted))).result;
    } catch (error) {
      fail(error.message);
    } finally {
      clearInterval(watching);
      button.disabled = false;
    }
  });
})();
