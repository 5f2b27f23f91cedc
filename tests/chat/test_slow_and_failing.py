"""What the browser shows while an answer comes slowly, when it is stopped and when it fails."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.chat import scripted_chat
from tests.chat.processes import Running, environment, free_port, serving
from tests.chat.scripted_chat import DETAIL, PAUSE, SENTENCES
from tests.chat.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scripted")


@pytest.fixture(scope="module")
def scripted(folder: Path) -> Iterator[Running]:
    script = str(Path(scripted_chat.__file__))
    with serving(
        [sys.executable, script, str(free_port())], environment(folder), folder
    ) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(page: Page, scripted: Running) -> Visitor:
    return await Visitor(page, scripted.address).arrive()


async def test_sentences_are_shown_as_they_come(visitor: Visitor) -> None:
    await visitor.begin("Slow please")
    await expect(visitor.answers).to_contain_text(SENTENCES[0])
    await expect(visitor.page.locator("#stop-button")).to_be_visible()
    await expect(visitor.answers).not_to_contain_text(SENTENCES[-1])


async def test_a_stopped_answer_keeps_what_was_shown_with_its_sources(visitor: Visitor) -> None:
    await visitor.begin("Slow please")
    answer = visitor.answers.filter(has_text=SENTENCES[0])
    await expect(answer).to_contain_text(SENTENCES[1])
    await visitor.page.click("#stop-button")
    await expect(answer.get_by_test_id("sources")).to_be_visible()
    shown = await answer.inner_text()
    await visitor.page.wait_for_timeout(3 * PAUSE * 1000)
    assert await answer.inner_text() == shown
    assert SENTENCES[-1] not in shown
    await answer.locator('a[href="#cite-2"]').click()
    await expect(visitor.panel.locator("mark")).to_have_text(SENTENCES[1])


async def test_after_a_stop_the_next_question_is_answered(visitor: Visitor) -> None:
    await visitor.begin("Slow please")
    await expect(visitor.answers).to_contain_text(SENTENCES[0])
    await visitor.page.click("#stop-button")
    await expect(visitor.page.locator("#stop-button")).to_have_count(0)
    await visitor.begin("Short please")
    await expect(visitor.answers.last).to_contain_text(SENTENCES[2])


async def test_a_citation_clicked_too_early_opens_when_its_source_is_there(
    visitor: Visitor,
) -> None:
    await visitor.begin("Short please")
    await visitor.page.locator('a[href="#cite-1"]').click()
    await expect(visitor.panel.locator("mark")).to_have_text(SENTENCES[0])


async def test_a_failure_is_told_and_what_was_shown_stays(visitor: Visitor) -> None:
    await visitor.begin("Failing please")
    await expect(visitor.answers.last).to_contain_text("The model is gone: ask again.")
    await expect(visitor.answers.first).to_contain_text(SENTENCES[1])
    await expect(visitor.answers.first.get_by_test_id("sources")).to_be_visible()


async def test_an_unexpected_failure_is_a_sentence_without_its_details(visitor: Visitor) -> None:
    answer = await visitor.ask("Broken please")
    await expect(answer).to_contain_text("Something went wrong here")
    assert DETAIL not in await visitor.page.content()


async def test_a_missing_index_is_named_with_its_remedy(visitor: Visitor, folder: Path) -> None:
    mark = folder / "no-index"
    mark.touch()
    answer = await visitor.ask("Where is it?")
    mark.unlink()
    await expect(answer).to_contain_text("holds nothing yet: run `benefits-chat index PATH` first")


async def test_slow_answers_do_not_hold_up_the_server(
    visitor: Visitor, desktop: BrowserContext
) -> None:
    other = await Visitor(await desktop.new_page(), visitor.address).arrive()
    for one in (visitor, other):
        await one.begin("Slow please")
    for one in (visitor, other):
        await expect(one.answers).to_contain_text(SENTENCES[0])
    health = await desktop.request.get(f"{visitor.address}/health")
    assert health.ok
    await expect(visitor.page.locator("#stop-button")).to_be_visible()
    await other.page.close()
