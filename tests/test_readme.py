"""The README's unit for systemd and its lines about the token keep what is secret to Usher's own user."""

import configparser
import re
from pathlib import Path

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")


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


def test_a_64_bit_system_is_asked_for():
    assert "64-bit" in README
