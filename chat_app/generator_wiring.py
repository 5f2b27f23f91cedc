"""Settings -> the chat model that writes answers, each kind imported only when it is chosen."""

from pathlib import Path
from typing import TYPE_CHECKING

from chat_app.local_models import hub_name, local_models
from chat_app.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from chat_app.generation.ollama import OllamaChatModel
    from chat_app.generation.openai_compatible import OpenAICompatibleChatModel

BEDROCK_MODEL = "amazon.nova-micro-v1:0"
IN_THE_CLOUD = 30.0
"""Seconds to wait for a piece of an answer; Nova sends the first within 1 s."""
ON_ONES_OWN = 300.0
"""Two cores read some 300 tokens a second with a model of .3 billion parameters
(``benchmarks/local_model.py``); a full prompt takes one of 1.7 billion two minutes."""


def make_model(settings: Settings) -> "BaseChatModel | None":
    """The model that writes answers, None where quotes are the answer.

    It connects or loads at its first use.

    Raises:
        GenerationError: the packages of this kind are not installed.
        SettingsError: the address of its server is none.
    """
    match settings.generator:
        case "quotes":
            return None
        case "bedrock":
            from chat_app.generation.bedrock import make_bedrock_model

            return make_bedrock_model(
                settings.model or BEDROCK_MODEL,
                region=settings.aws_region,
                max_tokens=settings.answer_tokens,
                read_seconds=_seconds(settings),
            )
        case "transformers":
            from chat_app.generation.transformers_model import make_transformers_model

            return make_transformers_model(
                transformers_model(settings),
                max_tokens=settings.answer_tokens,
                device=settings.model_device,
                precision=settings.model_precision,
                seconds=_seconds(settings),
            )
        case "ollama":
            return _ollama(settings)
        case "openai":
            return _openai(settings)


def examined_model(settings: Settings) -> str:
    """What the generator is and that it can be had; a model on Bedrock is not called.

    Raises:
        GenerationError, SettingsError: it cannot be had; the message says what to do.
    """
    match settings.generator:
        case "quotes":
            return "quotes of the documents, no model"
        case "bedrock":
            return f"{settings.model or BEDROCK_MODEL} on Bedrock; not called, as each call is paid"
        case "transformers":
            from chat_app.generation.transformers_model import describe

            model = transformers_model(settings)
            return describe(model, settings.model_device, settings.model_precision)
        case "ollama":
            return _ollama(settings).check()
        case "openai":
            return _openai(settings).check()


def transformers_model(settings: Settings) -> str:
    """The folder of a model that was downloaded by its name, or what the setting says."""
    name = hub_name(settings.model or local_models()[0].name)
    folder = settings.data_dir / "models" / Path(name).name
    # The configuration is what a download writes last.
    return str(folder) if (folder / "config.json").is_file() else name


def _seconds(settings: Settings) -> float:
    default = IN_THE_CLOUD if settings.generator == "bedrock" else ON_ONES_OWN
    return settings.answer_seconds or default


def _ollama(settings: Settings) -> "OllamaChatModel":
    from chat_app.generation.ollama import URL, make_ollama_model

    return make_ollama_model(
        settings.model or local_models()[0].ollama,
        settings.model_url or URL,
        max_tokens=settings.answer_tokens,
        read_seconds=_seconds(settings),
        context_tokens=settings.model_context,
    )


def _openai(settings: Settings) -> "OpenAICompatibleChatModel":
    from chat_app.generation.openai_compatible import make_openai_model

    return make_openai_model(
        settings.model or local_models()[0].hub,
        settings.model_url,
        settings.model_key.get_secret_value(),
        max_tokens=settings.answer_tokens,
        read_seconds=_seconds(settings),
    )
