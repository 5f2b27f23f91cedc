"""The real product in a real browser: what a member sees."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.chat.plans import SPECIALIST_PAGE
from tests.chat.processes import Running, chat_command, environment, free_port, serving
from tests.chat.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def unguarded(index: Path) -> Iterator[Running]:
    """The chat without guards, which would withhold the passage that is looked at."""
    env = environment(index, BENEFITS_CHAT_GUARDRAILS="off")
    with serving(chat_command(free_port()), env) as running:
        yield running


PPO_SPECIALIST = "You pay a $45 copay for each specialist visit in-network."


async def test_the_first_question_gets_a_cited_answer(visitor: Visitor) -> None:
    answer = await visitor.ask("How much is a specialist visit on PPO Plus?")
    await expect(answer).to_contain_text(f"PPO Plus 2024: {PPO_SPECIALIST}")
    await expect(answer.locator('a[href="#cite-1"]')).to_have_text("1")


async def test_a_starter_is_answered(visitor: Visitor) -> None:
    await visitor.page.get_by_role("button", name="What is my deductible?").click()
    answer = await visitor.answered(1)
    await expect(answer).to_contain_text("Which one is yours")


async def test_a_citation_opens_its_passage_with_the_quote_marked(visitor: Visitor) -> None:
    answer = await visitor.ask("How much is a specialist visit on PPO Plus?")
    await answer.locator('a[href="#cite-1"]').click()
    await expect(visitor.panel.locator("mark")).to_have_text(PPO_SPECIALIST)
    facts = visitor.panel.locator(".bc-facts")
    for fact in ("PlanPPO Plus", "Plan year2024", f"Page{SPECIALIST_PAGE}", "summary.pdf"):
        await expect(facts).to_contain_text(fact)
    assert visitor.page.url.rstrip("/") == visitor.address


async def test_the_pdf_is_shown_at_the_page_of_the_quote_which_is_marked_there(
    visitor: Visitor,
) -> None:
    answer = await visitor.ask("How much is a specialist visit on PPO Plus?")
    await answer.locator('a[href="#cite-1"]').click()
    pdf = visitor.panel.locator(".side-pdf")
    await expect(pdf).to_contain_text(f"{SPECIALIST_PAGE} / 3")
    await expect(pdf.locator(".react-pdf__Page__textContent")).to_contain_text(PPO_SPECIALIST)
    await visitor.page.wait_for_function("CSS.highlights.has('bc-quote')")
    marked = "[...CSS.highlights.get('bc-quote')].map(String).join('')"
    assert await visitor.page.evaluate(marked) == PPO_SPECIALIST


async def test_the_sources_are_listed_and_open_too(visitor: Visitor) -> None:
    answer = await visitor.ask("How much is a specialist visit on HMO Select?")
    source = answer.get_by_test_id("source-1")
    await expect(source).to_contain_text("HMO Select Handbook 2024 · Office visits")
    await source.click()
    await expect(visitor.panel.locator("mark")).to_contain_text("costs a $30 copay.")
    await expect(visitor.panel.locator(".side-pdf")).to_have_count(0)


async def test_without_a_plan_the_chat_asks_and_a_button_answers_and_is_remembered(
    visitor: Visitor,
) -> None:
    which = await visitor.ask("How much is a specialist visit?")
    await expect(which).to_contain_text("Which one is yours: HMO Select 2024, PPO Plus 2024?")
    await which.get_by_role("button", name="PPO Plus").click()
    answer = await visitor.answered(2)
    await expect(answer).to_contain_text(PPO_SPECIALIST)
    await expect(answer).not_to_contain_text("$30")
    await expect(visitor.plan_picker).to_have_text("PPO Plus")
    await visitor.begin("What is my deductible?")
    await expect(await visitor.answered(3)).to_contain_text(
        "PPO Plus 2024: The annual deductible is $1,000"
    )


async def test_another_button_asks_the_same_question_again_for_that_plan(visitor: Visitor) -> None:
    which = await visitor.ask("How much is a specialist visit?")
    await which.get_by_role("button", name="PPO Plus").click()
    await visitor.answered(2)
    await which.get_by_role("button", name="HMO Select").click()
    await expect(await visitor.answered(3)).to_contain_text("HMO Select 2024: A specialist visit")


async def test_all_plans_answers_for_each(visitor: Visitor) -> None:
    which = await visitor.ask("How much is a specialist visit?")
    await which.get_by_role("button", name="All plans").click()
    answer = await visitor.answered(2)
    await expect(answer).to_contain_text("PPO Plus 2024: You pay a $45 copay")
    await expect(answer).to_contain_text("HMO Select 2024: A specialist visit")
    await expect(visitor.plan_picker).to_have_text("All plans")


async def test_a_plan_can_be_named_by_typing_instead_of_clicking(visitor: Visitor) -> None:
    await visitor.ask("How much is a specialist visit?")
    await visitor.begin("I have PPO Plus 2023")
    await expect(await visitor.answered(2)).to_contain_text("PPO Plus 2023: You pay a $40 copay")
    await expect(visitor.plan_picker).to_have_text("PPO Plus")
    await expect(visitor.page.locator("#mode-picker-trigger-year")).to_have_text("2023")


async def test_a_plan_named_in_a_question_stays_in_play_and_a_follow_up_switches_it(
    visitor: Visitor,
) -> None:
    await visitor.ask("How much is a specialist visit on PPO Plus?")
    await expect(visitor.plan_picker).to_have_text("PPO Plus")
    await visitor.begin("and on the HMO?")
    await expect(await visitor.answered(2)).to_contain_text("HMO Select 2024: A specialist visit")
    await expect(visitor.plan_picker).to_have_text("HMO Select")


async def test_the_pickers_choose_plan_and_year(visitor: Visitor) -> None:
    await visitor.pick("plan", "PPO Plus")
    await visitor.pick("year", "2023")
    answer = await visitor.ask("How much is a specialist visit?")
    await expect(answer).to_contain_text("PPO Plus 2023: You pay a $40 copay")


async def test_a_question_common_to_all_plans_needs_no_choice(visitor: Visitor) -> None:
    answer = await visitor.ask("How many paid holidays does the company have?")
    await expect(answer).to_contain_text("ten paid holidays")


async def test_a_comparison_is_a_table_whose_cells_are_cited(visitor: Visitor) -> None:
    answer = await visitor.ask("Compare the deductible of PPO Plus and HMO Select")
    table = answer.locator("table")
    await expect(table.locator("th")).to_have_text(["Benefit", "PPO Plus 2024", "HMO Select 2024"])
    ppo, hmo = table.locator("td").nth(1), table.locator("td").nth(2)
    await expect(ppo).to_contain_text("$1,000")
    await expect(hmo).to_contain_text("$500")
    await hmo.locator('a[href^="#cite-"]').first.click()
    await expect(visitor.panel.locator("mark")).to_contain_text("$500")
    await expect(visitor.panel.locator(".bc-facts")).to_contain_text("PlanHMO Select")


async def test_an_off_topic_question_is_refused_in_a_sentence(visitor: Visitor) -> None:
    await visitor.pick("plan", "PPO Plus")
    answer = await visitor.ask("Who won the football world championship in Brazil?")
    await expect(answer).to_contain_text("I answer questions about your benefit plans")
    await expect(answer.locator('a[href^="#cite-"]')).to_have_count(0)


async def test_what_the_documents_do_not_say_is_declined_in_a_sentence(visitor: Visitor) -> None:
    await visitor.pick("plan", "PPO Plus")
    answer = await visitor.ask("Does the plan pay for a hair transplant abroad?")
    await expect(answer).to_contain_text("The plan documents do not answer this question.")
    await expect(answer.locator('a[href^="#cite-"]')).to_have_count(0)


async def test_a_member_in_crisis_reads_the_emergency_words_in_paragraphs(visitor: Visitor) -> None:
    answer = await visitor.ask("I feel like ending my life")
    await expect(answer).to_contain_text("right now, call 911 (or your local")
    await expect(answer.get_by_role("listitem").first).to_contain_text("call or text 988")


async def test_the_search_step_shows_the_filter_and_the_time(visitor: Visitor) -> None:
    await visitor.ask("How much is a specialist visit on PPO Plus?")
    step = visitor.page.locator('[data-step-type="retrieval"]')
    await expect(step).to_have_text(re.compile(r"^\s*Searched PPO Plus 2024 in [\d.]+ ms\s*$"))
    await step.get_by_role("button").click()
    await expect(step).to_contain_text(
        "Filter: policy is PPO_PLUS or common, and plan_year is 2024 or any"
    )
    await expect(step).to_contain_text("PPO Plus Summary 2024 · page 3 · Office visits")


async def test_a_passage_with_hostile_markup_is_withheld(visitor: Visitor) -> None:
    answer = await visitor.ask("What is the gym allowance on HMO Select?")
    assert "evil" not in await answer.locator(".message-content").inner_text()


async def test_without_guards_markup_in_a_document_stays_text_and_contacts_nobody(
    page: Page, unguarded: Running
) -> None:
    visitor = await Visitor(page, unguarded.address).arrive()
    answer = await visitor.ask("What is the gym allowance on HMO Select?")
    shown = await answer.locator(".message-content").inner_text()
    for literal in (
        "<script>window.attacked=1</script>",
        "[claim it](javascript:window.attacked=2)",
        "www",
        ":evil[it] &amp; more.",
    ):
        assert literal in shown
    await answer.locator('a[href="#cite-1"]').click()
    await expect(visitor.panel.locator("mark")).to_contain_text("![photo](http://evil.example")
    active = 'a[href*="evil"], a[href^="javascript"], img[src*="evil"], .loading-cursor'
    await expect(visitor.page.locator(active)).to_have_count(0)
    assert await visitor.page.evaluate("window.attacked") is None


async def test_a_question_is_shown_as_it_was_typed(visitor: Visitor) -> None:
    await visitor.ask("Is **my** <b>checkup</b> free on PPO Plus?")
    await expect(visitor.user_messages).to_have_text("Is **my** <b>checkup</b> free on PPO Plus?")


async def test_two_visitors_do_not_share_their_plans(
    chat: Running, desktop: BrowserContext
) -> None:
    pages = [await desktop.new_page() for _ in range(2)]
    ann, bo = [await Visitor(page, chat.address).arrive() for page in pages]
    await ann.pick("plan", "PPO Plus")
    await bo.pick("plan", "HMO Select")
    await ann.begin("How much is a specialist visit?")
    await bo.begin("How much is a specialist visit?")
    await expect(await ann.answered(1)).to_contain_text(PPO_SPECIALIST)
    await expect(await bo.answered(1)).to_contain_text("HMO Select 2024: A specialist visit")
    for page in pages:
        await page.close()


async def test_a_new_conversation_forgets_the_plan(visitor: Visitor) -> None:
    await visitor.pick("plan", "PPO Plus")
    await visitor.ask("How much is a specialist visit?")
    await visitor.page.click("#new-chat-button")
    await expect(visitor.user_messages).to_have_count(0)
    await expect(visitor.plan_picker).to_have_text("Choose plan")
