"""By keyboard, by screen reader, on a phone, in the dark."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.chat.processes import Running
from tests.chat.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMELESS = """[...document.querySelectorAll('button, a, textarea, [role=region], img')]
    .filter((one) => one.checkVisibility())
    .filter((one) => !(one.ariaLabel || one.alt || one.innerText || one.textContent).trim())
    .map((one) => one.outerHTML)"""
WIDTHS = "[document.documentElement.scrollWidth, document.body.scrollWidth]"
QUESTION = "How much is a specialist visit on PPO Plus?"


@pytest_asyncio.fixture(loop_scope="session")
async def phone(browser: Browser, chat: Running) -> AsyncIterator[Visitor]:
    context = await browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    yield await Visitor(await context.new_page(), chat.address).arrive()
    await context.close()


async def test_everything_that_acts_has_a_name(visitor: Visitor) -> None:
    assert await visitor.page.evaluate(NAMELESS) == []
    answer = await visitor.ask(QUESTION)
    await answer.locator('a[href="#cite-1"]').click()
    await expect(visitor.panel.locator(".side-pdf")).to_contain_text("3 / 3")
    await expect(visitor.page.get_by_label("Next page")).to_be_visible()
    assert await visitor.page.evaluate(NAMELESS) == []


async def test_the_keyboard_opens_a_source_and_escape_leads_back(visitor: Visitor) -> None:
    answer = await visitor.ask(QUESTION)
    citation = answer.get_by_label("Source 1", exact=True)
    await citation.focus()
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.panel.locator("h2")).to_be_focused()
    await expect(visitor.page.get_by_role("complementary", name="Source")).to_be_visible()
    await visitor.page.keyboard.press("Escape")
    await expect(visitor.panel).to_have_count(0)
    await expect(citation).to_be_focused()


async def test_the_keyboard_chooses_a_plan(visitor: Visitor) -> None:
    await visitor.plan_picker.focus()
    for key in ("Enter", "ArrowDown", "ArrowDown", "Enter"):
        await visitor.page.keyboard.press(key)
    await expect(visitor.page.get_by_label("Plan: HMO Select")).to_be_visible()


async def test_a_complete_answer_is_announced_without_its_numbers(visitor: Visitor) -> None:
    live = visitor.page.locator("#bc-live")
    await expect(live).to_have_attribute("aria-live", "polite")
    await visitor.ask(QUESTION)
    spoken = (
        r"^PPO Plus 2024: You pay a \$45 copay for each specialist visit in-network\.( [A-Z]|$)"
    )
    await expect(live).to_have_text(re.compile(spoken))


async def test_the_page_has_a_title_and_landmarks(visitor: Visitor) -> None:
    await expect(visitor.page.get_by_role("banner")).to_have_count(1)
    await expect(visitor.page.get_by_role("main")).to_have_count(1)
    await expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Benefits Chat")


async def test_a_phone_never_scrolls_sideways(phone: Visitor) -> None:
    assert await phone.page.evaluate(WIDTHS) == [390, 390]
    table = await phone.ask("Compare the deductible of PPO Plus and HMO Select")
    assert await phone.page.evaluate(WIDTHS) == [390, 390]
    cell = table.locator("td").nth(1)
    await expect(cell).to_have_attribute("data-label", "PPO Plus 2024")
    box = await cell.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


async def test_on_a_phone_a_source_fills_the_screen_and_fits_it(phone: Visitor) -> None:
    answer = await phone.ask(QUESTION)
    await answer.locator('a[href="#cite-1"]').tap()
    sheet = phone.page.get_by_role("dialog", name="Source")
    await expect(sheet.locator("mark")).to_be_visible()
    await expect(sheet.locator(".side-pdf")).to_contain_text("3 / 3")
    await phone.page.wait_for_function("CSS.highlights.has('bc-quote')")
    page_width = "document.querySelector('.react-pdf__Page').getBoundingClientRect().width"
    assert await phone.page.evaluate(page_width) <= 390
    assert await phone.page.evaluate(WIDTHS) == [390, 390]
    await phone.page.get_by_role("button", name="Close").tap()
    await expect(sheet).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_page_follows_the_device_in_light_and_dark(
    page: Page, chat: Running, theme: str
) -> None:
    await page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    await Visitor(page, chat.address).arrive()
    await expect(page.locator("html")).to_have_class(theme)
    logo = await page.locator("img.logo").get_attribute("src")
    assert logo is not None
    assert f"theme={theme}" in logo
