"""The peak memory of this process."""

import resource
from pathlib import Path


def peak_mb() -> float:
    """Most memory that this process held at any time since it was started.

    Where there is no ``/proc``, by ``getrusage``, which on Linux would count what the process that
    started this one held at that moment.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
