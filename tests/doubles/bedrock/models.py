"""Which model an identifier names: a model id, an inference profile or an ARN of either."""

import re
from dataclasses import dataclass

from tests.doubles.bedrock.errors import ServiceError, invalid


@dataclass(frozen=True, slots=True)
class Model:
    """A foundation model.

    Attributes:
        identifier: such as ``amazon.nova-micro-v1:0``.
        context: most tokens of input; 0 for a model that does not chat.
        output: most tokens of output.
        text_only: whether images, documents and videos are refused.
    """

    identifier: str
    context: int = 0
    output: int = 0
    text_only: bool = True


TITAN = "amazon.titan-embed-text-v2:0"
MODELS = {
    model.identifier: model
    for model in (
        Model(TITAN),
        # Limits from the model cards of Amazon Nova.
        Model("amazon.nova-micro-v1:0", 128_000, 10_000),
        Model("amazon.nova-lite-v1:0", 300_000, 10_000, text_only=False),
        Model("amazon.nova-pro-v1:0", 300_000, 10_000, text_only=False),
        Model("amazon.nova-2-lite-v1:0", 1_000_000, 65_535, text_only=False),
    )
}

_PROFILE = re.compile(r"(us|eu|apac|jp|global)\.(.+)")
_PROFILE_REGIONS = {"us": "us-", "eu": "eu-", "apac": "ap-", "jp": "ap-northeast-", "global": ""}
_ARN = re.compile(r"arn:aws[\w-]*:bedrock:([a-z0-9-]+):(\d*):([a-z-]+)/(.+)")


def resolve(identifier: str, region: str) -> Model:
    """The model behind an identifier, for a caller in a region.

    Raises:
        ServiceError: ValidationException for an unknown id or one of another region,
            ResourceNotFoundException for an ARN of nothing.
    """
    arn = _ARN.fullmatch(identifier)
    if not arn:
        return _by_id(identifier, region)
    arn_region, account, kind, name = arn.groups()
    if arn_region != region:
        raise invalid("The provided model identifier is invalid.")
    if kind == "foundation-model" and not account and name in MODELS:
        return MODELS[name]
    if kind == "inference-profile" and account and _PROFILE.fullmatch(name):
        return _by_id(name, region)
    message = "The provided model or inference profile could not be found."
    raise ServiceError("ResourceNotFoundException", message)


def _by_id(identifier: str, region: str) -> Model:
    profile = _PROFILE.fullmatch(identifier)
    name = profile[2] if profile else identifier
    served = not profile or region.startswith(_PROFILE_REGIONS[profile[1]])
    if name not in MODELS or not served or (profile and name == TITAN):
        raise invalid("The provided model identifier is invalid.")
    return MODELS[name]
