"""The README's unit for systemd and its lines about the token keep what is secret to Usher's own user."""

import configparser
import re
from pathlib import Path

import click

from bot.cli.usher import usher

ROOT = Path(__file__).parents[1]
README, HOSTING, EXAMPLE = (
    (ROOT / name).read_text("utf-8") for name in ("README.md", ".github/HOSTING.md", ".env.example")
)


def test_the_unit_for_systemd_may_write_only_where_usher_keeps_things():
    [text] = re.findall(r"```ini\n(.*?)```", README, re.DOTALL)
    unit = configparser.ConfigParser()
    unit.optionxform = str
    unit.read_string(text)
    service = unit["Service"]
    assert service["NoNewPrivileges"] == "true"
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == f"{service['WorkingDirectory']}/data"
    assert service["PrivateTmp"] == "true"
    assert int(service["LimitNOFILE"]) >= 1024
    assert service["UMask"] == "0077"


def test_the_file_with_the_token_is_closed_as_it_is_copied():
    assert "cp .env.example .env && chmod 600 .env" in README


def test_python_and_docker_stand_side_by_side_and_both_show_the_link():
    start = README.partition("### 1. Start it")[2].partition("### 2.")[0]
    python, docker = re.findall(r"```sh\n(.*?)\n```", start, re.DOTALL)
    assert python.endswith(".venv/bin/usher run")
    assert docker.startswith("docker build -t usher . && docker run ")
    assert docker.endswith(" && docker logs -f usher")


def test_the_steps_are_ten_and_counted():
    steps = [int(each) for each in re.findall(r"^- \*\*Step (\d+)\.\*\*", README, re.MULTILINE)]
    assert steps == list(range(2, 11))  # the first is the line


def test_every_command_for_the_terminal_exists():
    """What the guides tell to type after `usher`."""
    for guide in (README, HOSTING, EXAMPLE):
        typed = re.findall(r"(?:`|bin/|exec -u 1000 usher )usher ([a-z-]+(?: [a-z-]+)?)", guide)
        for line in typed:
            command = usher
            for word in line.split():
                if not isinstance(command, click.Group):
                    break
                assert word in command.commands, line
                command = command.commands[word]


def test_a_64_bit_system_is_asked_for():
    assert "64-bit" in README
