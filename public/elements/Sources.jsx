// The sources of one answer: a list of buttons, and what the numbers in its text open.
import { useEffect, useRef } from "react";
import { useSetRecoilState } from "recoil";
import { sideViewState } from "@chainlit/react-client";

// More sources than this are folded away: the numbers in the text open them just as well.
const FEW = 4;

export default function Sources() {
  const root = useRef(null);
  const setSideView = useSetRecoilState(sideViewState);

  const open = (number, opener) => {
    const item = props.items.find((one) => one.number === number);
    if (!item) return;
    window.benefitsChat.opener = opener;
    const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random());
    const title = props.near ? `Near passage ${number}` : `Source ${number}`;
    const elements = [
      { id, type: "custom", name: "SourcePassage", display: "side", props: item },
    ];
    if (item.pdf) {
      elements.push({
        id: `${id}-pdf`,
        type: "pdf",
        name: item.title,
        display: "side",
        url: item.pdf,
        page: item.page || 1,
      });
    }
    setSideView({ title, key: id, elements });
  };

  useEffect(() => {
    const step = root.current.closest(".step");
    const cited = (event) => {
      if (event.detail.step !== step || props.near) return;
      event.preventDefault();
      open(event.detail.number, event.detail.opener);
    };
    document.addEventListener("benefits-chat:cite", cited);
    const early = window.benefitsChat.early;
    if (early && early.step === step) {
      window.benefitsChat.early = null;
      open(early.number, early.opener);
    }
    return () => document.removeEventListener("benefits-chat:cite", cited);
  }, []);

  const list = (
    <ol className="bc-list">
      {props.items.map((item) => (
        <li key={item.number}>
          <button
            type="button"
            className="bc-source"
            data-testid={`source-${item.number}`}
            onClick={(event) => open(item.number, event.currentTarget)}
          >
            <span className="bc-number">{item.number}</span>
            <span className="bc-what">{item.label}</span>
          </button>
        </li>
      ))}
    </ol>
  );

  return (
    <div
      ref={root}
      className="bc-sources"
      role="group"
      aria-label={props.heading}
      data-testid="sources"
    >
      {props.near || props.items.length > FEW ? (
        <details>
          <summary>{props.heading}</summary>
          {list}
        </details>
      ) : (
        <>
          <div className="bc-heading" aria-hidden="true">
            {props.heading}
          </div>
          {list}
        </>
      )}
    </div>
  );
}
