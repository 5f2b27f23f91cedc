// What Chainlit's page leaves to do: names for its icon buttons, a live region, citations that
// open beside the chat, the quoted sentence marked in the PDF. Runs before the page is built.
(() => {
  "use strict";

  const THEME = "vite-ui-theme";
  if (!localStorage.getItem(THEME)) localStorage.setItem(THEME, "system");

  const shared = { opener: null, early: null, markInPdf };
  window.benefitsChat = shared;

  const LABELS = [
    ["#new-chat-button", "New conversation"],
    ["#chat-submit", "Send question"],
    ["#stop-button", "Stop the answer"],
    ["#chat-input", "Your question"],
    ["#side-view-title button", "Close the source"],
    ["#theme-toggle", "Light or dark"],
    ["button:has(> .lucide-arrow-down)", "To the end of the conversation"],
    ["button:has(> .lucide-copy)", "Copy the answer"],
    ["button:has(> .lucide-check)", "Copied"],
    [".side-pdf button:has(> .lucide-chevron-left)", "Previous page"],
    [".side-pdf button:has(> .lucide-chevron-right)", "Next page"],
    [".side-pdf button:has(> .lucide-zoom-out)", "Smaller"],
    [".side-pdf button:has(> .lucide-zoom-in)", "Larger"],
    [".side-pdf button:has(> .lucide-printer)", "Open the PDF to print it"],
    [".side-pdf a:has(> .lucide-download)", "Download the PDF"],
  ];
  const PICKERS = { "mode-picker-trigger-plan": "Plan", "mode-picker-trigger-year": "Plan year" };

  const ROOM_ABOVE_MARK = 64; // pixels

  const set = (element, name, value) => {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  };

  function label() {
    for (const [selector, name] of LABELS) {
      for (const element of document.querySelectorAll(selector)) set(element, "aria-label", name);
    }
    for (const [id, name] of Object.entries(PICKERS)) {
      const picker = document.getElementById(id);
      if (picker) set(picker, "aria-label", `${name}: ${picker.textContent.trim()}`);
    }
    for (const logo of document.querySelectorAll("img.logo")) set(logo, "alt", "Benefits Chat");
    for (const link of document.querySelectorAll('a[href^="#cite-"]')) {
      set(link, "aria-label", `Source ${link.textContent}`);
      link.removeAttribute("target");
    }
    for (const title of document.querySelectorAll(".step h3")) set(title, "aria-level", "2");
    const sheet = document.querySelector('[role="dialog"]:has(#side-view-content)');
    if (sheet) set(sheet, "aria-label", "Source");
    for (const handle of document.querySelectorAll("[data-panel-resize-handle-id]")) {
      handle.removeAttribute("aria-controls"); // names an element that is not there
      set(handle, "aria-label", "Width of the source");
    }
    document.querySelector("[data-panel]")?.setAttribute("role", "main");
  }

  // On a phone a table is shown as cards: each cell then says whose it is, and stays a cell.
  function labelCells() {
    for (const table of document.querySelectorAll(".message-content table")) {
      const heads = [...table.querySelectorAll("th")].map((head) => head.textContent.trim());
      set(table, "role", "table");
      for (const row of table.rows) {
        set(row, "role", "row");
        [...row.cells].forEach((cell, at) => {
          set(cell, "role", cell.tagName === "TH" ? "columnheader" : "cell");
          if (at > 0 && cell.tagName === "TD") set(cell, "data-label", heads[at]);
        });
      }
    }
  }

  function nameThePage() {
    const header = document.getElementById("header");
    if (!header || header.querySelector("h1")) return;
    header.setAttribute("role", "banner");
    const title = document.createElement("h1");
    title.className = "bc-hidden";
    title.textContent = "Benefits Chat";
    header.append(title);
  }

  function welcome() {
    const logo = document.querySelector("#welcome-screen img.logo");
    if (!logo || document.getElementById("bc-welcome")) return;
    const line = document.createElement("p");
    line.id = "bc-welcome";
    line.textContent = "What would you like to know about your benefits?";
    logo.after(line);
  }

  document.addEventListener(
    "click",
    (event) => {
      const link = event.target.closest?.('a[href^="#cite-"]');
      if (!link) return;
      event.preventDefault();
      const detail = {
        number: Number(link.hash.slice("#cite-".length)),
        step: link.closest(".step"),
        opener: link,
      };
      const asked = new CustomEvent("benefits-chat:cite", { detail, cancelable: true });
      // While an answer still streams its sources are not there yet: they open when they come.
      shared.early = document.dispatchEvent(asked) ? detail : null;
    },
    true,
  );

  const live = document.createElement("div");
  live.id = "bc-live";
  live.className = "bc-hidden";
  live.setAttribute("role", "status");
  live.setAttribute("aria-live", "polite");
  let working = false;

  function spoken(message) {
    const copy = message.cloneNode(true);
    for (const extra of copy.querySelectorAll('.bc-sources, a[href^="#cite-"]')) extra.remove();
    for (const end of copy.querySelectorAll("th, td, li, [role=article]")) end.append(" ");
    return copy.textContent.replace(/\s+/g, " ").trim();
  }

  function announce() {
    const busy = document.getElementById("stop-button") !== null;
    if (busy === working) return;
    working = busy;
    const answers = document.querySelectorAll(
      '[data-step-type="assistant_message"] .message-content',
    );
    const last = answers[answers.length - 1];
    live.textContent = busy ? "Searching the plan documents." : last ? spoken(last) : "";
  }

  // Finds the quote in the text layer of the PDF page, spaces aside, and marks it there.
  function markInPdf(near, quote) {
    const view = near.closest("#side-view-content");
    const mark = () => {
      fitPage(view);
      const layer = view.querySelector(".react-pdf__Page__textContent");
      const ranges = layer && quote && CSS.highlights ? rangesOf(layer, quote) : [];
      CSS.highlights?.delete("bc-quote");
      if (!ranges.length) return;
      CSS.highlights.set("bc-quote", new Highlight(...ranges));
      const scroller = layer.closest(".overflow-auto");
      const place = ranges[0].getBoundingClientRect();
      const top = scroller.getBoundingClientRect().top;
      scroller.scrollTop += place.top - top - ROOM_ABOVE_MARK;
    };
    let waiting;
    const observer = new MutationObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(mark, 60);
    });
    observer.observe(view, { childList: true, subtree: true });
    return () => {
      clearTimeout(waiting);
      observer.disconnect();
      CSS.highlights?.delete("bc-quote");
    };
  }

  // Shows a page as wide as the panel; the viewer's own zoom then works from there.
  function fitPage(view) {
    const page = view.querySelector(".react-pdf__Page");
    const shown = view.querySelector(".side-pdf")?.innerText.match(/(\d+)%/);
    if (!page || !shown) return;
    const scroller = page.closest(".overflow-auto");
    set(scroller, "tabindex", "0");
    set(scroller, "role", "region");
    set(scroller, "aria-label", "Page of the document");
    const room = scroller.clientWidth - 32;
    const natural = page.offsetWidth / (Number(shown[1]) / 100);
    page.style.zoom = Math.min(1, room / natural).toFixed(3);
  }

  function rangesOf(layer, quote) {
    const letters = [];
    const walker = document.createTreeWalker(layer, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      [...node.data].reduce((offset, letter) => {
        if (letter.trim()) letters.push({ letter, node, offset });
        return offset + letter.length;
      }, 0);
    }
    const page = letters.map((one) => one.letter).join("");
    const whole = rangeOf(letters, page, quote, 0);
    if (whole) return [whole.range];
    // A table row is quoted with its headers: its cells are marked one by one.
    const found = [];
    let from = 0;
    for (const cell of quote.split(" | ")) {
      const hit = rangeOf(letters, page, cell, from) || afterHeader(letters, page, cell, from);
      if (hit) {
        found.push(hit.range);
        from = hit.end;
      }
    }
    return found;
  }

  function afterHeader(letters, page, cell, from) {
    const at = cell.indexOf(": ");
    return at < 0 ? null : rangeOf(letters, page, cell.slice(at + 2), from);
  }

  function rangeOf(letters, page, text, from) {
    const wanted = text.replace(/\s+/g, "");
    const at = wanted ? page.indexOf(wanted, from) : -1;
    if (at < 0) return null;
    const first = letters[at];
    const last = letters[at + wanted.length - 1];
    const range = new Range();
    range.setStart(first.node, first.offset);
    range.setEnd(last.node, last.offset + last.letter.length);
    return { range, end: at + wanted.length };
  }

  let scheduled = false;
  function refresh() {
    scheduled = false;
    label();
    labelCells();
    nameThePage();
    welcome();
    announce();
  }
  document.addEventListener("DOMContentLoaded", () => {
    document.body.append(live);
    const observer = new MutationObserver(() => {
      if (!scheduled) requestAnimationFrame(refresh);
      scheduled = true;
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
})();
