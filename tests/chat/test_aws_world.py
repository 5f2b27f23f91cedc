"""The chat in the AWS world, from environment variables alone."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.chat.plans import write_plans
from tests.chat.processes import COMMAND, Running, chat_command, environment, free_port, serving
from tests.chat.visitor import Visitor
from tests.doubles.bedrock import BedrockServer, Guardrail
from tests.doubles.bedrock.behaviours import extractive, named
from tests.doubles.s3_vectors import S3VectorsServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUESTION = "How much is the specialist visit copay on PPO Plus?"
SPECIALIST = "You pay a $45 copay for each specialist visit in-network."
GUARDRAIL = Guardrail(
    "chatguard",
    topics={"medical advice": ("diagnose",)},
    blocked_input="I cannot give medical advice. Ask me about your plan.",
)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3VectorsServer]:
    with S3VectorsServer() as server:
        yield server


@pytest.fixture(scope="module")
def bedrock() -> Iterator[BedrockServer]:
    with BedrockServer() as server:
        server.register(GUARDRAIL)
        yield server


@pytest.fixture(scope="module")
def in_aws(
    tmp_path_factory: pytest.TempPathFactory, s3: S3VectorsServer, bedrock: BedrockServer
) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("data")
    env = environment(
        data,
        **s3.environment,
        AWS_ENDPOINT_URL_BEDROCK_RUNTIME=bedrock.url,
        BENEFITS_CHAT_WORLD="aws",
        BENEFITS_CHAT_GUARDRAIL_ID="chatguard",
    )
    plans: Path = write_plans(tmp_path_factory.mktemp("plans"))
    done = subprocess.run(
        [str(COMMAND), "index", str(plans)], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with serving(chat_command(free_port()), env) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(page: Page, in_aws: Running, bedrock: BedrockServer) -> Visitor:
    bedrock.behaviour = extractive
    bedrock.faults.clear()
    return await Visitor(page, in_aws.address).arrive()


async def test_a_question_gets_an_answer_of_the_model_with_its_sources(visitor: Visitor) -> None:
    answer = await visitor.ask(QUESTION)
    await expect(answer).to_contain_text(SPECIALIST)
    await answer.locator('a[href="#cite-1"]').click()
    await expect(visitor.panel.locator("mark")).to_have_text(SPECIALIST)


async def test_the_search_step_tells_what_guards_said_and_what_was_spent(visitor: Visitor) -> None:
    await visitor.ask(QUESTION)
    step = visitor.page.get_by_role("button", name="Searched")
    await step.click()
    body = visitor.page.locator("body")
    await expect(body).to_contain_text("on the question: allowed in")
    await expect(body).to_contain_text("on the answer: allowed in")
    await expect(body).to_contain_text("tokens in and")


async def test_the_guardrails_words_are_shown(visitor: Visitor) -> None:
    await visitor.begin("Can you diagnose my knee?")
    await expect(visitor.answers.last).to_contain_text("I cannot give medical advice.")


async def test_when_nothing_of_the_model_holds_the_documents_own_words_are_shown(
    visitor: Visitor, bedrock: BedrockServer
) -> None:
    bedrock.behaviour = named("false_amounts")
    answer = await visitor.ask(QUESTION)
    await expect(answer).to_contain_text(SPECIALIST)
    await expect(answer).to_contain_text("the documents' own words")


async def test_a_model_that_cannot_be_reached_is_said_and_the_chat_lives_on(
    visitor: Visitor, bedrock: BedrockServer
) -> None:
    bedrock.faults.add("ConverseStream", 1, 1, "stream_cut")
    await visitor.begin(QUESTION)
    await expect(visitor.page.locator("body")).to_contain_text("try again")
    bedrock.faults.clear()
    await visitor.begin(QUESTION)
    await expect(await visitor.answered(2)).to_contain_text(SPECIALIST)
