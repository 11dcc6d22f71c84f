"""A Discord server in which managers make batches."""

import contextlib

from bot.sandbox.discord import Upload
from tests.support.discord_harness import at_work, text_of

NAMES = [f"Buyer_{number}" for number in range(1, 6)]


def upload(text, name="members.csv"):
    return Upload(name, text if isinstance(text, bytes) else text.encode())


def listed(names, length="1M", item="trend"):
    """A file that gives everybody so much."""
    rows = "\n".join(f"{name},{item},{length}" for name in names)
    return upload(f"username,item,duration\n{rows}\n")


def second_manager(harness):
    """Another member who may manage the server."""
    user = harness.fake.add_user("anna")
    role = harness.fake.add_role(harness.guild, "Boss", permissions=1 << 5)
    harness.fake.add_member(harness.guild, user, [role])
    return harness.fake.person(user)


@contextlib.asynccontextmanager
async def batches_at_work(harness, client=None):
    """Usher at work, with what carries out batches and shows them."""
    async with at_work(harness, client, ready=True):
        services = harness.vendor.services
        services.bulk.start()
        services.batch_progress.start()
        yield


async def pressed(who, message, label):
    """Press a button, and wait for the answer."""
    interaction = await who.press(message, label)
    await interaction.answered()
    return interaction


async def dry_run(harness, path, **options):
    """Run a command that makes one; returns the interaction and what it says."""
    interaction = await harness.run(harness.as_owner, path, **options)
    return interaction, text_of(interaction.original)


def table_of(harness, message):
    """The text of the one file under a message."""
    [file] = message.attachments
    return harness.fake.world.files[int(file["id"])].decode("utf-8-sig")
