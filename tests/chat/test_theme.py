"""Contrast of the theme, in light and dark, by WCAG 2."""

import json

import pytest

from tests.chat.processes import PROJECT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground", "ratio"),
    [
        ("foreground", "background", 7),
        ("card-foreground", "card", 7),
        ("muted-foreground", "background", 4.5),
        ("muted-foreground", "muted", 4.5),
        ("muted-foreground", "card", 4.5),
        ("primary-foreground", "primary", 4.5),
        ("primary", "accent", 4.5),
        ("primary", "background", 4.5),
        ("destructive", "background", 4.5),
        ("input", "background", 3),
    ],
)
def test_colours_can_be_read(theme: str, text: str, ground: str, ratio: float) -> None:
    colours = json.loads((PROJECT / "public" / "theme.json").read_text())["variables"][theme]
    bright, dim = sorted((_luminance(colours[f"--{c}"]) for c in (text, ground)), reverse=True)
    assert (bright + 0.05) / (dim + 0.05) >= ratio


def _luminance(hsl: str) -> float:
    """Relative luminance by WCAG 2, 0 to 1, of ``H S% L%``."""
    hue, saturation, lightness = (float(part.rstrip("%")) for part in hsl.split())
    chroma = saturation / 100 * min(lightness / 100, 1 - lightness / 100)

    def channel(offset: int) -> float:
        k = (offset + hue / 30) % 12
        value = lightness / 100 - chroma * max(-1, min(k - 3, 9 - k, 1))
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    return 0.2126 * channel(0) + 0.7152 * channel(8) + 0.0722 * channel(4)
