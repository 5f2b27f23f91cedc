"""Many plans made of the sample plans, for a large index whose plans differ as little as real ones.

A copy of a plan has its documents under another name: PPO_PLUS_00, PPO_PLUS_01, ...
"""

import shutil
from pathlib import Path

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"


def copy_plans(copies: int, folder: Path) -> int:
    """Copy the folder of each sample plan so many times; how many plans there are then."""
    plans = {path.parents[1] for path in SAMPLES.glob("*/20*/*")}
    for plan in plans:
        for copy in range(copies):
            shutil.copytree(plan, folder / name_of_copy(plan.name, copy))
    return copies * len(plans)


def name_of_copy(plan: str, copy: int) -> str:
    """The name of a copy of a plan, counted from 0."""
    return f"{plan}_{copy:02d}"
