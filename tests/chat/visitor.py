"""A visitor of the chat, driving a real browser."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect


@dataclass(frozen=True)
class Visitor:
    """What a visitor does and sees on one page."""

    page: Page
    address: str

    async def arrive(self) -> "Visitor":
        await self.page.goto(self.address)
        await expect(self.plan_picker).to_be_enabled()
        await expect(self.page.locator("#starters button").first).to_be_enabled()
        return self

    async def begin(self, question: str) -> None:
        """Ask and do not wait for the answer."""
        await self.page.fill("#chat-input", question)
        await self.page.keyboard.press("Enter")

    async def ask(self, question: str) -> Locator:
        """Ask and wait until the answer is complete; returns the message with it."""
        await self.begin(question)
        return await self.answered(1)

    async def answered(self, questions: int) -> Locator:
        """The answer to the last of this many user messages, once it is complete."""
        await expect(self.user_messages).to_have_count(questions)
        await expect(self.page.locator("#stop-button")).to_have_count(0)
        await expect(self.answers).to_have_count(questions)
        return self.answers.nth(questions - 1)

    async def pick(self, picker: str, option: str) -> None:
        """Choose in the plan or year picker."""
        await self.page.click(f"#mode-picker-trigger-{picker}")
        popover = self.page.locator(f"#mode-picker-popover-{picker}")
        await popover.get_by_text(option, exact=True).click()

    @property
    def user_messages(self) -> Locator:
        return self.page.locator('[data-step-type="user_message"]')

    @property
    def answers(self) -> Locator:
        return self.page.locator('[data-step-type="assistant_message"]')

    @property
    def panel(self) -> Locator:
        return self.page.locator("#side-view-content")

    @property
    def plan_picker(self) -> Locator:
        return self.page.locator("#mode-picker-trigger-plan")
