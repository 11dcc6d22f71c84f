"""Every mistake in the settings is reported at once, by name, with its mend, and without its value."""

import re
from ipaddress import ip_network
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot.errors import StartupError
from bot.settings import Secret, Settings, load, misplaced_file, remarks

NAMES = {name.upper() for name in Settings.__dataclass_fields__}
EXAMPLE = Path(__file__).parent.parent / ".env.example"


@pytest.fixture(autouse=True)
def bare(monkeypatch):
    """No variable of ours comes from the machine."""
    for name in {*NAMES, "PORT"}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")


def complaint(monkeypatch, **variables):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(StartupError) as caught:
        load(None)
    assert caught.value.exit_code == 78
    assert caught.value.__context__ is None
    return str(caught.value)


def test_the_variables_are_those_of_the_contract():
    assert {
        "DISCORD_TOKEN",
        "DISCORD_GUILD_ID",
        "DISCORD_MEMBERS_INTENT",
        "DISCORD_API_URL",
        "DISCORD_GATEWAY_URL",
        "TRADINGVIEW_URL",
        "PINE_FACADE_URL",
        "TV_SESSIONID",
        "TV_SESSIONID_SIGN",
        "TV_PACE",
        "TV_CONCURRENCY",
        "DATABASE_URL",
        "SECRET_KEY",
        "HTTP_HOST",
        "HTTP_PORT",
        "HTTP_CONNECTIONS",
        "PUBLIC_URL",
        "TRUSTED_PROXIES",
        "OUTGOING_ALLOW",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
        "UPDATE_CHECK",
        "UPDATE_URL",
        "LOG_LEVEL",
        "LOG_FORMAT",
    } == NAMES


def test_the_example_file_names_every_setting_and_no_other():
    named = re.findall(r"^([A-Z_]+)=", EXAMPLE.read_text(), re.MULTILINE)
    assert sorted(named) == sorted(NAMES)


def test_the_example_file_holds_the_defaults(monkeypatch):
    assert load(EXAMPLE) == load(None)


def test_defaults():
    settings = load(None)
    assert settings.tv_pace == 2
    assert settings.tv_concurrency == 2
    assert settings.tradingview_url == "https://www.tradingview.com"
    assert settings.pine_facade_url == "https://pine-facade.tradingview.com"
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    assert settings.database_path == Path("data/usher.db")
    assert settings.trusted_proxies == settings.secret_keys == ()
    assert (settings.log_level, settings.log_format) == ("info", "text")


@pytest.mark.parametrize("blank", [None, "", "   ", '""'])
def test_without_a_token_there_are_settings_all_the_same(monkeypatch, blank):
    monkeypatch.delenv("DISCORD_TOKEN")
    if blank is not None:
        monkeypatch.setenv("DISCORD_TOKEN", blank)
    assert load(None).discord_token is None


def test_set_but_empty_counts_as_unset(monkeypatch):
    for name in NAMES - {"DISCORD_TOKEN"}:
        monkeypatch.setenv(name, "")
    assert load(None).http_port == 8080
    for name in NAMES - {"DISCORD_TOKEN"}:
        monkeypatch.setenv(name, "  ")
    assert load(None) == Settings(discord_token=Secret("MTIz.abc.def"))


def test_every_mistake_is_listed_at_once_and_no_value_shown(monkeypatch):
    wrong = {
        "DISCORD_TOKEN": "Bot tokenvalue",
        "DISCORD_GUILD_ID": "guildvalue",
        "DISCORD_MEMBERS_INTENT": "intentvalue",
        "DISCORD_API_URL": "apivalue",
        "DISCORD_GATEWAY_URL": "http://gatewayvalue",
        "TRADINGVIEW_URL": "ftp://tvvalue",
        "PINE_FACADE_URL": "pinevalue",
        "TV_SESSIONID": "sessionid=cookievalue",
        "TV_SESSIONID_SIGN": "signvalue; x",
        "TV_PACE": "0",
        "TV_CONCURRENCY": "0",
        "DATABASE_URL": "postgresql://u:dbvalue@host/db",
        "SECRET_KEY": "keyvalue",
        "HTTP_HOST": "http://hostvalue/",
        "HTTP_PORT": "65536",
        "HTTP_CONNECTIONS": "many",
        "PUBLIC_URL": "publicvalue",
        "TRUSTED_PROXIES": "proxyvalue",
        "OUTGOING_ALLOW": "https://allowedvalue",
        "HTTPS_PROXY": "socks5://u:pwvalue@httpsvalue",
        "HTTP_PROXY": "ftp://httpvalue",
        "NO_PROXY": "http://novalue",
        "UPDATE_CHECK": "checkvalue",
        "UPDATE_URL": "http://updatevalue",
        "LOG_LEVEL": "levelvalue",
        "LOG_FORMAT": "formatvalue",
    }
    text = complaint(monkeypatch, **wrong)
    assert set(re.findall(r"^  ([A-Z_]+) ", text, re.MULTILINE)) == NAMES
    assert "value" not in text.replace("the value of the cookie", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DISCORD_GUILD_ID", "0"),
        ("DISCORD_GUILD_ID", "-3"),
        ("DISCORD_MEMBERS_INTENT", "on"),
        ("TRADINGVIEW_URL", "https://"),
        ("TRADINGVIEW_URL", "https://host:99999"),
        ("TRADINGVIEW_URL", "https://host/?a=b"),
        ("PUBLIC_URL", "https://user:pw@host"),
        ("TV_PACE", "nan"),
        ("TV_PACE", "inf"),
        ("TV_PACE", "-1"),
        ("TV_CONCURRENCY", "1.5"),
        ("HTTP_PORT", "-1"),
        ("HTTP_CONNECTIONS", "0"),
        ("DATABASE_URL", "sqlite:///data/usher.db"),
        ("DATABASE_URL", "sqlite+aiosqlite://"),
        ("DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("DATABASE_URL", "sqlite+aiosqlite://data/usher.db"),
        ("DATABASE_URL", "usher.db"),
        ("SECRET_KEY", ","),
        ("TRUSTED_PROXIES", "10.0.0.1 10.0.0.2"),
        ("UPDATE_CHECK", "daily"),
        ("UPDATE_URL", "https://"),
        ("UPDATE_URL", "https://user:pw@host/latest"),
        ("UPDATE_URL", "http://releases.example/latest"),
        ("UPDATE_URL", "ftp://releases.example"),
        ("OUTGOING_ALLOW", "n8n.internal 10.0.0.2"),
        ("OUTGOING_ALLOW", "10.0.0.0/99"),
    ],
)
def test_what_cannot_work_is_refused(monkeypatch, name, value):
    assert f"  {name} " in complaint(monkeypatch, **{name: value})


@pytest.mark.parametrize(
    ("name", "scheme", "path"),
    [
        ("TRADINGVIEW_URL", "http", ""),
        ("PINE_FACADE_URL", "http", ""),
        ("DISCORD_API_URL", "http", "/api/v10"),
        ("DISCORD_GATEWAY_URL", "ws", "/gateway"),
    ],
)
def test_logins_and_tokens_travel_encrypted_or_stay_on_this_computer(
    monkeypatch, name, scheme, path
):
    monkeypatch.setenv("DISCORD_API_URL", "https://discord.example/api/v10")
    monkeypatch.setenv("DISCORD_GATEWAY_URL", "wss://discord.example/gateway")
    for host in ("tv.example", "10.0.0.5", "127.0.0.1.evil.example", "localhost.evil.example"):
        text = complaint(monkeypatch, **{name: f"{scheme}://{host}{path}"})
        assert f"  {name} must start with {scheme}s://" in text
    for address in (
        "http://127.0.0.1:9",
        "http://localhost",
        "http://[::1]:9",
        "https://tv.example",
    ):
        monkeypatch.setenv(name, address.replace("http", scheme, 1) + path)
        assert getattr(load(None), name.lower()).endswith(path)


def test_a_tradingview_login_needs_the_server_it_is_for(monkeypatch):
    text = complaint(monkeypatch, TV_SESSIONID="abc123")
    assert "TV_SESSIONID needs DISCORD_GUILD_ID" in text


def test_the_signature_alone_is_a_mistake(monkeypatch):
    text = complaint(monkeypatch, TV_SESSIONID_SIGN="v3:abc=", DISCORD_GUILD_ID="1")
    assert "TV_SESSIONID_SIGN works only together with TV_SESSIONID" in text


def test_a_whole_login_is_taken(monkeypatch):
    monkeypatch.setenv("DISCORD_GUILD_ID", "81384788765712384")
    monkeypatch.setenv("TV_SESSIONID", "a1" * 16)
    monkeypatch.setenv("TV_SESSIONID_SIGN", "v3:Ab+/cd==")
    settings = load(None)
    assert settings.tv_sessionid.get_secret_value() == "a1" * 16
    assert settings.tv_sessionid_sign.get_secret_value() == "v3:Ab+/cd=="
    assert "a1a1" not in repr(settings)
    assert set(settings.secrets) == {"MTIz.abc.def", "a1" * 16, "v3:Ab+/cd=="}


@pytest.mark.parametrize("name", ["DISCORD_API_URL", "DISCORD_GATEWAY_URL"])
def test_half_of_another_discord_is_a_mistake(monkeypatch, name):
    url = {"DISCORD_API_URL": "https://h/api/v10", "DISCORD_GATEWAY_URL": "wss://h/gateway"}[name]
    assert "belong together" in complaint(monkeypatch, **{name: url})


def test_another_discord_is_taken(monkeypatch):
    monkeypatch.setenv("DISCORD_API_URL", "http://127.0.0.1:9000/api/v10/")
    monkeypatch.setenv("DISCORD_GATEWAY_URL", "ws://127.0.0.1:9000/gateway")
    assert load(None).discord_api_url == "http://127.0.0.1:9000/api/v10"


def test_several_keys_keep_their_order(monkeypatch):
    first, second = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    monkeypatch.setenv("SECRET_KEY", f" {first} , {second},")
    assert load(None).secret_keys == (first, second)
    text = complaint(monkeypatch, SECRET_KEY=f"{first},oops")
    assert "Number 2 is not one" in text
    assert first not in text


def test_proxies_are_addresses_and_networks(monkeypatch):
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.5, 172.16.0.1/12, fd00::/8")
    assert load(None).trusted_proxies == (
        ip_network("10.0.0.5"),
        ip_network("172.16.0.0/12"),
        ip_network("fd00::/8"),
    )


def test_quotation_marks_and_capitals_are_forgiven(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", ' "DEBUG" ')
    assert load(None).log_level == "debug"


def test_the_file_is_read_and_the_environment_wins(monkeypatch, tmp_path):
    env = tmp_path / ".env"
    env.write_text("\ufeffHTTP_PORT=1234\nLOG_FORMAT=json\nOTHER_PROGRAM=1\n", encoding="utf-8")
    monkeypatch.setenv("HTTP_PORT", "4321")
    settings = load(env)
    assert (settings.http_port, settings.log_format) == (4321, "json")


def test_no_file_is_read_unless_asked(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("HTTP_PORT=1234\n")
    monkeypatch.chdir(tmp_path)
    assert load(None).http_port == 8080
    assert load().http_port == 1234


def test_a_missing_file_is_no_mistake(tmp_path):
    assert load(tmp_path / "absent") == load(None)


def test_an_unreadable_file_is_one_sentence(tmp_path):
    env = tmp_path / ".env"
    env.write_bytes("HTTP_PORT=1234".encode("utf-16"))
    with pytest.raises(StartupError, match="not UTF-8"):
        load(env)


def test_made_directly_settings_read_no_environment(monkeypatch):
    monkeypatch.setenv("HTTP_PORT", "4321")
    assert Settings().http_port == 8080


@pytest.mark.parametrize("nothing", ["", "  ", '""', "''"])
def test_a_variable_that_is_set_to_nothing_leaves_what_the_file_says(
    tmp_path, monkeypatch, nothing
):
    file = tmp_path / ".env"
    file.write_text(
        "TV_PACE=1.5\nDISCORD_TOKEN=" + "a" * 24 + "." + "b" * 6 + "." + "c" * 38 + "\n"
    )
    monkeypatch.setenv("TV_PACE", nothing)
    assert load(file).tv_pace == 1.5


def said(env_file):
    with pytest.raises(StartupError) as caught:
        load(env_file)
    return str(caught.value)


def test_each_mistake_says_where_it_stands(monkeypatch, tmp_path):
    env = tmp_path / ".env"
    env.write_text("TV_PACE=never\n")
    monkeypatch.setenv("HTTP_PORT", "nowhere")
    lines = said(env).splitlines()
    assert next(line for line in lines if "TV_PACE" in line).endswith(f"(It stands in {env}.)")
    assert next(line for line in lines if "HTTP_PORT" in line).endswith(
        "(It stands in the environment.)"
    )


@pytest.mark.parametrize(
    "address",
    ["postgres://u:pw@h/d", "postgresql://u:pw@h/d", "mysql://u:pw@h/d", "mongodb+srv://u:pw@h/d"],
)
def test_a_hosts_own_database_is_named_without_its_password(monkeypatch, address):
    text = complaint(monkeypatch, DATABASE_URL=address)
    assert "DATABASE_URL is the address of another kind of database" in text
    assert "sqlite+aiosqlite:///data/usher.db" in text
    assert "It stands in the environment." in text
    assert "pw" not in text


def test_a_hosts_port_is_used_when_only_that_is_set(monkeypatch, tmp_path):
    monkeypatch.setenv("PORT", "3000")
    assert load(None).http_port == 3000
    [remark] = remarks(None)
    assert "PORT of the environment is used" in remark
    assert "HTTP_HOST=0.0.0.0" in remark
    monkeypatch.setenv("HTTP_HOST", "0.0.0.0")
    assert "HTTP_HOST" not in remarks(None)[0]
    env = tmp_path / ".env"
    env.write_text("HTTP_PORT=8080\n")
    assert load(env).http_port == 8080
    assert f"HTTP_PORT in {env} counts" in remarks(env)[0]


def test_a_hosts_port_that_is_none_is_named(monkeypatch):
    assert "  PORT must be a whole number" in complaint(monkeypatch, PORT="tcp://10.0.0.1:80")


@pytest.mark.parametrize("name", [".env.txt", "env.txt", "env", ".env.example.txt"])
def test_a_file_that_was_meant_to_be_env_is_named(monkeypatch, tmp_path, name):
    monkeypatch.delenv("DISCORD_TOKEN")
    (tmp_path / name).write_text("DISCORD_TOKEN=abc\n")
    text = misplaced_file(tmp_path / ".env")
    assert f"mv {tmp_path / name} {tmp_path / '.env'}" in text
    assert "abc" not in text
    assert text in remarks(tmp_path / ".env")
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.def")
    assert name in remarks(tmp_path / ".env")[0]


def test_beside_other_mistakes_a_file_that_was_meant_to_be_env_comes_first(monkeypatch, tmp_path):
    monkeypatch.delenv("DISCORD_TOKEN")
    monkeypatch.setenv("HTTP_PORT", "none")
    (tmp_path / ".env.txt").write_text("DISCORD_TOKEN=abc\n")
    text = said(tmp_path / ".env")
    assert text.index(".env.txt") < text.index("HTTP_PORT")


def test_no_env_is_no_mistake_but_a_token_in_the_example_is_said(monkeypatch, tmp_path):
    monkeypatch.delenv("DISCORD_TOKEN")
    monkeypatch.chdir(tmp_path)
    assert misplaced_file() is None
    Path(".env.example").write_text("DISCORD_TOKEN=\n")
    assert misplaced_file() is None
    Path(".env.example").write_text("DISCORD_TOKEN=abc\n")
    assert "The token stands in .env.example" in misplaced_file()
    assert "cp .env.example .env && chmod 600 .env" in misplaced_file()
    Path(".env").mkdir()
    assert ".env is a folder" in misplaced_file()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("localhost", "http://localhost:8080"),
        ("192.168.1.5", "http://192.168.1.5:8080"),
    ],
)
def test_a_browser_on_this_computer_finds_what_listens_everywhere(host, address):
    assert Settings(http_host=host).local_address(8080) == address


def test_settings_that_stand_in_the_environment_need_no_file(tmp_path):
    assert remarks(tmp_path / ".env") == []


def test_the_key_lies_beside_the_database():
    settings = Settings(database_url="sqlite+aiosqlite:////srv/usher/usher.db")
    assert settings.key_file == Path("/srv/usher/secret.key")
    assert settings.earlier_key_file == Path("data/secret.key")
    assert Settings().key_file == Settings().earlier_key_file
