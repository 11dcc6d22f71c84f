"""Random orders under random faults, for as long as wanted, compared with an independent model.

python -m tests.bench.soak [--minutes N] [--seed S] [--rounds R]

Without a seed, another one is taken for each run; it is printed, and found again with the fault.
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.days import soak
from tests.soak.shop import SoakError


async def main(minutes: float, seed: int, rounds: int | None) -> int:
    ends = time.monotonic() + minutes * 60
    with tempfile.TemporaryDirectory() as folder:
        try:
            told = await soak(
                Path(folder), seed, rounds=rounds, until=lambda: time.monotonic() > ends
            )
        except SoakError as error:
            sys.stdout.write(json.dumps({"seed": seed, "good": False, "fault": str(error)}) + "\n")
            raise
    sys.stdout.write(json.dumps({**told, "good": True}) + "\n")
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--rounds", type=int)
    given = parser.parse_args()
    logging.disable(logging.CRITICAL)
    sys.exit(asyncio.run(main(given.minutes, given.seed, given.rounds)))
