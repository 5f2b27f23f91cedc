"""Real cross-encoders of one small layer, saved as sentence-transformers loads them."""

from collections.abc import Sequence
from pathlib import Path

MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
SIZE = 32
"""Numbers of a token's vector. From 16 on, the last digits of a score depend on the batch."""


def save_tiny_cross_encoder(
    folder: Path, words: Sequence[str], labels: Sequence[str], favourite: str | None = None
) -> str:
    """Save a cross-encoder, and say where.

    Args:
        folder: to save it in; it is there.
        words: that it knows, in lower case.
        labels: one, or several as of a classifier.
        favourite: the label that it always finds; None for random weights, the same each time.
    """
    import torch
    from transformers import (  # type: ignore[attr-defined]  # exported lazily
        BertConfig,
        BertForSequenceClassification,
        BertTokenizerFast,
    )

    known = [*MARKS, *dict.fromkeys(words)]
    (folder / "vocab.txt").write_text("\n".join(known))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    generator = torch.random.get_rng_state()
    torch.manual_seed(7)
    model = BertForSequenceClassification(
        BertConfig(  # type: ignore[call-arg]  # a field of the base class
            vocab_size=len(known),
            hidden_size=SIZE,
            num_hidden_layers=1,
            num_attention_heads=1,
            intermediate_size=SIZE,
            max_position_embeddings=64,
            initializer_range=0.3,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: number for number, label in enumerate(labels)},
        )
    )
    torch.random.set_rng_state(generator)
    if favourite is not None:
        with torch.no_grad():
            model.classifier.weight.zero_()
            model.classifier.bias.zero_()
            model.classifier.bias[labels.index(favourite)] = 2.0
    model.save_pretrained(folder)
    return str(folder)
