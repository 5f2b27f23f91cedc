// "Which plan is yours?" A button a plan: asks the same question again, for that plan.
import { useState } from "react";
import { useRecoilState } from "recoil";
import { modesState, useChatData, useChatInteract } from "@chainlit/react-client";

export default function PlanChoice() {
  const [chosen, setChosen] = useState(null);
  const [modes, setModes] = useRecoilState(modesState);
  const { sendMessage } = useChatInteract();
  const { loading, connected } = useChatData();

  const choose = (plan) => {
    setChosen(plan.id);
    // The picker under the question shows the choice and keeps it for what is asked next.
    const changed = modes.map((mode) =>
      mode.id === "plan"
        ? {
            ...mode,
            options: mode.options.map((one) => ({ ...one, default: one.id === plan.id })),
          }
        : mode,
    );
    setModes(changed);
    const picked = changed.map((mode) => [
      mode.id,
      (mode.options.find((one) => one.default) || mode.options[0]).id,
    ]);
    sendMessage({
      threadId: "",
      id: "",
      name: "User",
      type: "user_message",
      output: plan.label,
      createdAt: "",
      modes: { ...Object.fromEntries(picked), plan: plan.id },
      metadata: { question: props.question },
    });
  };

  return (
    <div className="bc-choice" role="group" aria-label="Which plan is yours?">
      {props.plans.map((plan) => (
        <button
          key={plan.id}
          type="button"
          className="bc-plan"
          aria-pressed={chosen === plan.id}
          disabled={loading || !connected}
          data-testid={`choose-${plan.id}`}
          onClick={() => choose(plan)}
        >
          {plan.label}
        </button>
      ))}
    </div>
  );
}
