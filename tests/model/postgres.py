"""PostgreSQL: a server of one's own, as long as a test asks it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: whom a server runs as, which refuses to run as root
_USER = "postgres"


def programs() -> Path | None:
    """The folder of the newest server that the system has; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    known = shutil.which("initdb")
    return found[-1].parent if found else Path(known).parent if known else None


class Server:
    """A server that listens in a folder alone, to nobody else."""

    def __init__(self, folder: Path, where: Path) -> None:
        self._folder, self._where = folder, where

    def run(self, program: str, *arguments: str, **more: object) -> subprocess.CompletedProcess:
        """One of its programs, as the user that may."""
        whose = {"user": _USER, "group": _USER} if os.getuid() == 0 else {}
        return subprocess.run(
            [self._where / program, *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd=self._folder,
            **whose,
            **more,
        )

    def ask(self, statement: str) -> str:
        """What psql prints of the last of some statements, as CSV with a header."""
        options = [
            "-h",
            str(self._folder),
            "-d",
            "postgres",
            "-q",
            "--csv",
            "-v",
            "ON_ERROR_STOP=1",
        ]
        return self.run("psql", "-X", *options, input=statement).stdout


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """A new server in an empty folder, which ends with the test."""
    where = programs()
    assert where is not None
    if os.getuid() == 0:
        for each in (folder, *folder.parents):
            if each.owner() == "root" and each.stat().st_mode & 0o005 != 0o005:
                each.chmod(each.stat().st_mode | 0o005)
        shutil.chown(folder, _USER, _USER)
    server, data = Server(folder, where), str(folder / "data")
    server.run("initdb", "-D", data, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    log = str(folder / "log")
    server.run("pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start")
    try:
        yield server
    finally:
        server.run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
