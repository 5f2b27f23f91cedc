"""Real causal language models of some thousand parameters, saved as the loader expects them."""

from itertools import pairwise
from pathlib import Path
from typing import Any

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{% if messages[0].role == 'system' %}{{ raise_exception('no system role here') }}{% endif %}"
    + CHATML
)
IGNORES_SYSTEM = (
    "{% for message in messages if message.role != 'system' %}{{ message.role }}: "
    "{{ message.content }}\n{% endfor %}assistant:"
)
OPENS_A_THOUGHT = CHATML + "<think>"
END = "<|im_end|>"
SIZE = 64
"""Numbers of a token's vector."""


def save_tiny_model(
    folder: Path,
    text: str | None = None,
    *,
    template: str | None = CHATML,
    window: int = 16_384,
    layers: int = 2,
) -> Path:
    """Save a model that any loader of Hugging Face models loads, and say where.

    Its tokenizer has a token for each byte; with a text, also one for each piece of it.

    Args:
        folder: to save it in; made if it is not there.
        text: what the model writes to its end, whatever the prompt; without it, the weights are
            random, and what it writes never ends by itself.
        template: the chat template; None for a base model.
        window: most tokens of prompt and answer.
        layers: of the network.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    pieces = _pieces(text) if text else []
    tokenizer = _tokenizer(pieces, template)
    generator = torch.random.get_rng_state()
    torch.manual_seed(7)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=SIZE,
            intermediate_size=2 * SIZE,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=window,
            tie_word_embeddings=False,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            initializer_range=0.5,
        )
    )
    with torch.no_grad():
        _write_nothing(model, tokenizer)
        if pieces:
            _write_chain(model, tokenizer, pieces)
    torch.random.set_rng_state(generator)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(pieces: list[str], template: str | None) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *(piece for piece in pieces if piece not in alphabet)]
    tokenizer = Tokenizer(models.BPE(vocab={word: n for n, word in enumerate(words)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in (END, "<|im_start|>")])
    make: Any = PreTrainedTokenizerFast  # it has no types
    made = make(tokenizer_object=tokenizer, eos_token=END)
    made.chat_template = template
    return made


def _pieces(text: str) -> list[str]:
    """The text in tokens of some bytes, no two of them alike, in the letters of ByteLevel."""
    from tokenizers import pre_tokenizers

    letters = "".join(
        piece
        for piece, _ in pre_tokenizers.ByteLevel(
            add_prefix_space=False, use_regex=False
        ).pre_tokenize_str(text)
    )
    pieces: list[str] = []
    start = 0
    while start < len(letters):
        length = 3
        while letters[start : start + length] in pieces and start + length < len(letters):
            length += 1
        pieces.append(letters[start : start + length])
        start += length
    while pieces[-1] in pieces[:-1]:
        last = pieces.pop()
        pieces[-1] += last
    return pieces


def _write_nothing(model: Any, tokenizer: Any) -> None:
    """No control token is ever the likeliest."""
    for token in tokenizer.added_tokens_decoder:
        model.lm_head.weight[token] = 0


def _write_chain(model: Any, tokenizer: Any, pieces: list[str]) -> None:
    """Let each token of the chain foretell the next, by itself: the layers add nothing to it."""
    import torch

    for layer in model.model.layers:
        layer.self_attn.o_proj.weight.zero_()
        layer.mlp.down_proj.weight.zero_()
    vectors = torch.nn.functional.normalize(torch.randn(len(tokenizer), SIZE), dim=1)
    model.model.embed_tokens.weight.copy_(vectors)
    asked = [{"role": "user", "content": "?"}]
    prompt = tokenizer.apply_chat_template(asked, tokenize=False, add_generation_prompt=True)
    ids = [tokenizer(prompt)["input_ids"][-1], *tokenizer.convert_tokens_to_ids([*pieces, END])]
    assert len(set(ids)) == len(ids), "the text ends in the token with which the prompt does"
    model.lm_head.weight.zero_()
    for before, after in pairwise(ids):
        model.lm_head.weight[after] = vectors[before]
