// Keeps the page up to date: the server sends sections that have changed, and they take the place of the old ones.
"use strict";
(() => {
  const query = "?node=" + encodeURIComponent(document.body.dataset.node);
  const live = document.getElementById("live");
  const PollEvery = 5000;
  let stream = null;
  let timer = 0;

  function say(text, lost) {
    if (live.textContent !== text) live.textContent = text;
    live.classList.toggle("lost", lost);
  }

  // Where somebody has scrolled to, and what has the focus, stays.
  function replace(section, html) {
    const scrolled = [...section.querySelectorAll(".scroll")].map(one => [one.scrollLeft, one === document.activeElement]);
    section.outerHTML = html;
    document.getElementById(section.id).querySelectorAll(".scroll").forEach((one, index) => {
      if (!scrolled[index]) return;
      one.scrollLeft = scrolled[index][0];
      if (scrolled[index][1]) one.focus({ preventScroll: true });
    });
  }

  function show(sections) {
    for (const [id, html] of Object.entries(sections)) {
      const section = document.getElementById(id);
      if (section) replace(section, html);
    }
    say("Live", false);
    document.documentElement.dataset.updates = Number(document.documentElement.dataset.updates || 0) + 1;
  }

  function lost() {
    const time = new Date().toISOString().slice(11, 19);
    if (!live.classList.contains("lost")) say("No answer since " + time + " UTC: what is shown is old", true);
  }

  async function poll() {
    try {
      const answer = await fetch("/sections" + query);
      if (!answer.ok) throw new Error(answer.statusText);
      show(await answer.json());
    } catch {
      lost();
    }
    if (!document.hidden) timer = setTimeout(poll, PollEvery);
  }

  function stop() {
    if (stream) stream.close();
    stream = null;
    clearTimeout(timer);
  }

  function start() {
    stop();
    stream = new EventSource("/live" + query);
    stream.onmessage = event => show(JSON.parse(event.data));
    stream.onerror = () => {
      // The browser tries again by itself, unless it was refused: then there are too many, and asking now and then will do.
      const refused = stream && stream.readyState === EventSource.CLOSED;
      lost();
      if (refused) {
        stop();
        timer = setTimeout(poll, 500);
      }
    };
  }

  // A page that nobody sees takes nobody's place.
  document.addEventListener("visibilitychange", () => document.hidden ? stop() : start());
  window.addEventListener("pagehide", stop);
  start();
})();
