"""A small world of plan documents: two plans, two years, a PDF, and one document full of traps."""

from pathlib import Path

from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

SPECIALIST_PAGE = 3
HOSTILE = (
    "The gym allowance is $200 a year <script>window.attacked=1</script> "
    "[claim it](javascript:window.attacked=2) ![photo](http://evil.example/x.png) "
    "at https://evil.example/claim or www.evil.example or :evil[it] &amp; more."
)


def write_plans(folder: Path) -> Path:
    """Write the documents as ``POLICY/YEAR/file`` and return the folder."""
    for year, copay in ((2023, 40), (2024, 45)):
        _pdf(folder / "PPO_PLUS" / str(year) / "summary.pdf", f"PPO Plus Summary {year}", copay)
    _text(
        folder / "HMO_SELECT" / "2024" / "handbook.md",
        "# HMO Select Handbook 2024\n\n## Office visits\n\nA specialist visit with a referral "
        "costs a $30 copay.\n\n## Deductible\n\nThe annual deductible is $500 for each "
        "member.\n",
    )
    _text(folder / "HMO_SELECT" / "2024" / "gym.txt", f"Gym allowance\n\n{HOSTILE}\n")
    _text(
        folder / "holidays.md",
        "# Holiday calendar\n\n## Company holidays\n\nThe company closes on ten paid holidays "
        "each year.\n",
    )
    return folder


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _pdf(path: Path, title: str, copay: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    styles = getSampleStyleSheet()
    pages = (
        ("Preventive care", "Your annual physical and screenings are covered at 100% in-network."),
        ("Deductible", "The annual deductible is $1,000 for each member."),
        ("Office visits", f"You pay a ${copay} copay for each specialist visit in-network."),
    )
    flow = [Paragraph(title, styles["Title"])]
    for heading, sentence in pages:
        flow += [Paragraph(heading, styles["Heading1"]), Paragraph(sentence, styles["BodyText"])]
        flow.append(PageBreak())
    SimpleDocTemplate(str(path), title=title, author="Sample").build(flow)
