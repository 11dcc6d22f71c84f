"""The container: what its files promise, and what its two little programs do."""

import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START, HEALTHY = ROOT / ".container" / "start", ROOT / ".container" / "healthy"
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text("utf-8")
SHELL = shutil.which("sh")


def test_the_image_is_built_in_two_stages_from_files_known_by_their_hashes():
    assert DOCKERFILE.count("\nFROM ") == 2
    assert "-slim" in DOCKERFILE
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert "--only-binary :all:" in DOCKERFILE  # so nothing needs a compiler
    assert "apt-get" not in DOCKERFILE
    assert (
        'HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["healthy"]'
        in (DOCKERFILE)
    )
    assert "STOPSIGNAL SIGTERM" in DOCKERFILE
    assert "sqlite+aiosqlite:////data/usher.db" in DOCKERFILE


def test_everything_that_the_image_copies_is_let_in_and_nothing_else():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split()
    let_in = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    copied = {
        name.removeprefix("./").split("/")[0]
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
        if not name.startswith("--")
    }
    assert copied == let_in
    assert not {".env", "data", ".git"} & let_in


def test_compose_keeps_data_in_the_one_volume_and_writes_nowhere_else():
    assert "- usher:/data" in COMPOSE
    assert "read_only: true" in COMPOSE
    assert '"127.0.0.1:8080:8080"' in COMPOSE


class Container:
    """The start script with stand-ins for the programs that it calls."""

    def __init__(self, folder):
        self.folder = folder
        self.program("usher", 'echo "usher $*"')
        self.program("find", "exit 0")
        self.program("stat", 'echo "${FILESYSTEM:-ext2/ext3}"')
        self.program("id", 'echo "${WHO:-0}"')
        # Skips its own options, as what comes after them is the program to run.
        self.program(
            "setpriv", 'echo "as $2:$4"; while [ "$1" != usher ]; do shift; done; exec "$@"'
        )
        self.program("awk", 'exit "${MOUNTED:-0}"')

    def program(self, name, text):
        path = self.folder / name
        path.write_text(f"#!{SHELL}\n{text}\n")
        path.chmod(0o755)

    def start(self, *arguments, **environment):
        return subprocess.run(
            [SHELL, START, *arguments],
            env={"PATH": f"{self.folder}:/usr/bin:/bin", "PUID": "1000", "PGID": "1001"}
            | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def container(tmp_path):
    return Container(tmp_path)


def test_usher_runs_as_the_user_who_was_named(container):
    ran = container.start("run")
    assert ran.stdout.splitlines() == ["as 1000:1001", "usher run"]
    assert ran.stderr == ""


def test_who_is_no_root_already_stays_who_they_are(container):
    assert (
        container.start("check", "--tradingview", WHO="1000").stdout
        == "usher check --tradingview\n"
    )


def test_without_a_volume_it_says_what_will_be_lost(container):
    ran = container.start("run", MOUNTED="1")
    assert "/data is not kept" in ran.stderr
    assert "-v usher:/data" in ran.stderr
    assert "usher run" in ran.stdout


@pytest.mark.parametrize("kind", ["nfs", "smb2", "cifs"])
def test_a_network_share_is_named_as_one(container, kind):
    assert "network share" in container.start("run", FILESYSTEM=kind).stderr


@pytest.mark.parametrize("name", ["PUID", "PGID"])
@pytest.mark.parametrize("number", ["", "me", "1000;id", "-1", " 1000", "1\n2", "1" * 11])
def test_a_user_that_is_no_number_is_refused(container, number, name):
    ran = container.start("run", **{name: number})
    assert ran.returncode == 78
    assert "PUID and PGID are numbers" in ran.stderr
    assert "usher run" not in ran.stdout


@pytest.mark.parametrize("number", ["0", "00"])
def test_root_is_named_as_such(container, number):
    assert "runs as root" in container.start("run", PUID=number).stderr


def test_a_disk_whose_files_belong_to_nobody_else_is_no_reason_to_stop(container):
    container.program("find", "echo chown: Operation not permitted >&2; exit 1")
    ran = container.start("run")
    assert "not all of /data could be given to the user 1000:1001" in ran.stderr
    assert ran.stdout.splitlines() == ["as 1000:1001", "usher run"]


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files away")
def test_files_are_given_away_and_what_a_link_leads_to_is_not(container, tmp_path):
    data, outside = tmp_path / "data", tmp_path / "outside"
    (data / "backups").mkdir(parents=True)
    outside.mkdir()
    for file in (data / "usher.db", data / "backups" / "-h ü'.db", outside / "passwd"):
        file.write_text("x")
    (data / "link").symlink_to(outside / "passwd")
    (data / "backups" / "folder").symlink_to(outside)
    container.program("find", f'shift; exec /usr/bin/find "{data}" "$@"')
    ran = container.start("run")
    assert (ran.stderr, ran.returncode) == ("", 0)
    inside = [data, *data.rglob("*")]
    assert {(each.lstat().st_uid, each.lstat().st_gid) for each in inside} == {(1000, 1001)}
    assert {each.stat().st_uid for each in (outside, outside / "passwd")} == {0}


def test_without_a_word_it_runs(container):
    assert container.start().stdout.splitlines() == ["as 1000:1001", "usher run"]


def test_the_sandbox_listens_to_the_published_ports(container):
    ran = container.start("sandbox", "--empty")
    assert "usher sandbox --host 0.0.0.0 --dashboard-port 8080 --empty" in ran.stdout


class Endpoint(BaseHTTPRequestHandler):
    answers = None

    def do_GET(self):
        self.send_response(self.answers.get(self.path, 404))
        self.end_headers()

    def log_message(self, *_):
        return


@pytest.mark.parametrize(
    ("answers", "well"),
    [
        ({"/readyz": 200}, True),
        ({"/readyz": 503, "/healthz": 200}, False),  # no Discord, say
        ({"/healthz": 200}, True),  # the page of the first run waits for somebody
        ({}, False),
        (None, False),
    ],
)
def test_the_keeper_of_the_container_hears_whether_usher_is_well(answers, well):
    server = HTTPServer(("127.0.0.1", 0), type("Now", (Endpoint,), {"answers": answers or {}}))
    port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        if answers is None:
            server.shutdown()
            server.server_close()
        ran = subprocess.run(
            [sys.executable, HEALTHY],
            env={**os.environ, "PORT": str(port), "HTTP_PORT": ""},
            check=False,
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert (ran.returncode == 0) is well
