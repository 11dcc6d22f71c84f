"""Random orders under random faults end as an independent model says; `tests.bench.soak` runs longer."""

import os
import random

from tests.soak.days import soak

ROUNDS = 12


async def test_random_orders_under_random_faults_end_as_they_must(tmp_path):
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(10**6))
    print(f"SOAK_SEED={seed}")
    counts = await soak(tmp_path, seed, rounds=ROUNDS)
    print(counts)
    assert counts["rounds"] == ROUNDS
    assert counts["orders"] > 10 * ROUNDS
    assert counts["faults"] > ROUNDS
