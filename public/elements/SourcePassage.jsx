// A cited passage beside the chat: where it stands, its text, the quoted sentence marked.
import { useEffect, useRef } from "react";
import { useSetRecoilState } from "recoil";
import { sideViewState } from "@chainlit/react-client";

const CELLS = / \| /;
const SHORT = ["Plan", "Plan year", "Page"];

function Cells({ text }) {
  const cells = text.split(CELLS);
  return cells.map((cell, at) => (
    <span key={at}>
      {at ? <span className="bc-bar"> | </span> : null}
      {cell}
    </span>
  ));
}

// Scrolls within the passage alone, so that the heading above it stays in view.
function showMark(article) {
  const mark = article.querySelector("mark");
  const text = article.querySelector(".bc-text");
  if (mark) text.scrollTop = mark.offsetTop - text.offsetTop - 24;
}

export default function SourcePassage() {
  const heading = useRef(null);
  const setSideView = useSetRecoilState(sideViewState);

  useEffect(() => {
    heading.current.closest("aside")?.setAttribute("aria-label", "Source");
    heading.current.focus({ preventScroll: true });
    showMark(heading.current.parentElement);
    const close = (event) => {
      if (event.key === "Escape" && !event.defaultPrevented) setSideView(undefined);
    };
    document.addEventListener("keydown", close);
    const stop = window.benefitsChat.markInPdf(heading.current, props.quote);
    return () => {
      document.removeEventListener("keydown", close);
      stop();
      window.benefitsChat.opener?.focus({ preventScroll: true });
    };
  }, []);

  const facts = [
    ["Plan", props.plan],
    ["Plan year", props.year],
    ["Page", props.page],
    ["Section", props.section],
    ["File", props.file],
  ].filter(([, value]) => value);

  return (
    <article className={`bc-passage ${props.pdf ? "bc-with-pdf" : ""}`} data-testid="passage">
      <h2 ref={heading} tabIndex={-1}>
        {props.title}
      </h2>
      <dl className="bc-facts">
        {facts.map(([name, value]) => (
          <div key={name} className={SHORT.includes(name) ? "" : "bc-wide"}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <blockquote className="bc-text" tabIndex={0} aria-label="Passage">
        <Cells text={props.before} />
        {props.quote ? (
          <mark>
            <Cells text={props.quote} />
          </mark>
        ) : null}
        <Cells text={props.after} />
      </blockquote>
      {props.pdf ? <p className="bc-below">Page {props.page} of the document:</p> : null}
    </article>
  );
}
