"""A clause of a follow-up, as the rules read it."""

from dataclasses import dataclass

from chat_app.follow_up_context import Context
from chat_app.plan_names import PlanNames
from chat_app.question_parts import Kind, Part


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause with its parts, and the question before it.

    Attributes:
        things: those of its parts that a question can be about by themselves.
        context: what the question before leaves to refer to.
    """

    text: str
    parts: tuple[Part, ...]
    things: tuple[Part, ...]
    context: Context
    names: PlanNames

    @property
    def kinds(self) -> set[Kind]:
        """What kinds of parts it has."""
        return {part.kind for part in self.parts}
