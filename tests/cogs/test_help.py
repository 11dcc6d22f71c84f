"""/help: each member reads what they may do, and nothing else."""

from tests.support.discord_harness import text_of


async def test_a_buyer_reads_three_lines_and_staff_theirs(harness):
    buyer = text_of((await harness.run(harness.as_buyer, "help")).original).split("\n`")[1:]
    staff = text_of((await harness.run(harness.as_mod, "help")).original).split("\n`")[1:]
    assert len(buyer) == 3
    assert {line.split("`")[0] for line in staff} >= {"/me", "/access grant", "/sync status"}
    assert not any("/setup" in line or "/session" in line for line in staff)
