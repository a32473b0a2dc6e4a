"""Disks that are full, logs that are taken away, clocks that jump."""

from __future__ import annotations

import json
import resource
import subprocess
import time
from pathlib import Path

import pytest

from chaos.stage import POLICY, Stage, share
from sessions.peers import TESTS

UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.mark.timeout(180)
def test_the_disk_is_full_and_then_is_not(stage: Stage) -> None:
    # The system would end a process that writes past the limit below.
    session = stage.shell(stage.witness(), "trap '' XFSZ")
    pid = session.process.pid
    for _ in share():
        load = stage.load(session)
        time.sleep(stage.chance.uniform(0, 0.3))
        # No file of the gateway's can be longer: it is told so as of a full disk. Often that is amid a record.
        room = stage.log.stat().st_size + stage.chance.randrange(4_000)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        stage.row.injected += 1
        time.sleep(stage.chance.uniform(0.1, 0.4))
        # Only the gateway's own file has an end: what it had let pass may still be on its way.
        load.stop()
        given = stage.given()
        refused = session.call("echo", given)
        while not refused.result["isError"]:  # the room is not filled yet
            given = stage.given()
            refused = session.call("echo", given)
        assert refused.result["_meta"]["argala/decision"]["rule"] == "audit.unwritable"
        stage.verify()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, UNLIMITED)
        stage.next_call(session)
    stage.check()


@pytest.mark.timeout(180)
def test_the_log_is_moved_removed_or_replaced_under_load(stage: Stage) -> None:
    session = stage.open(stage.witness())
    moved: list[Path] = []
    for number in share():
        load = stage.load(session)
        time.sleep(stage.chance.uniform(0.05, 0.3))
        aside = stage.log.with_name(f"aside-{number:04}.jsonl")
        moved.append(aside)
        stage.row.injected += 1
        kind = number % 3
        if kind == 0:
            stage.log.rename(aside)  # as a tool does that rotates logs, or a hand
        elif kind == 1:
            stage.log.rename(aside)
            while not put_a_folder(stage.log):
                moved.append(aside.with_stem(f"{aside.stem}-{len(moved)}"))
                stage.log.rename(moved[-1])  # the gateway has begun it anew meanwhile
        else:
            aside.hardlink_to(stage.log)
            link = stage.folder / "link"
            link.symlink_to(stage.folder / "nowhere" / "at all")
            link.replace(stage.log)
        time.sleep(stage.chance.uniform(0.05, 0.2))
        load.stop()
        if kind:
            refused = session.call("echo", stage.given())
            assert refused.result["isError"], "a call was made that no log knows"
            stage.log.rmdir() if kind == 1 else stage.log.unlink()
        stage.next_call(session)
    stage.check(moved)


def put_a_folder(log: Path) -> bool:
    try:
        log.mkdir()
    except FileExistsError:
        return False
    return True


def test_the_log_is_read_only_at_the_start(stage: Stage) -> None:
    stage.row.injected += 1
    witness = stage.witness()
    stage.log.mkdir()  # a superuser may write any file, but no folder
    command = stage.serve.command(witness, flags=stage.flags)
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, input="")
    assert done.returncode == 1
    assert "can't be written" in done.stderr
    assert witness.pids() == []
    stage.log.rmdir()
    stage.next_call(stage.open(witness))
    stage.check()


def test_the_clock_jumps(stage: Stage) -> None:
    library, offset = stage.folder / "clock.so", stage.folder / "offset"
    source = TESTS / "peers" / "clock.c"
    built = ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(built, check=True, timeout=60)
    offset.write_text("0")
    session = stage.open(stage.witness(), {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(offset)})
    day = 86_400
    seen = set()
    for jump in [day, -day, 40 * 365 * day, -40 * 365 * day, 1, -1, 0]:
        load = stage.load(session)
        (offset.with_suffix(".new")).write_text(str(jump))
        (offset.with_suffix(".new")).rename(offset)
        stage.row.injected += 1
        time.sleep(0.1)
        load.stop()
        assert load.unanswered == 0
        assert load.errors == []
        stage.next_call(session)
        seen.add(json.loads(stage.log.read_text().splitlines()[-1])["time"][:4])
    assert len(seen) >= 3, f"the gateway's clock did not jump: {seen}"
    stage.check()


@pytest.mark.timeout(180)
def test_the_gateway_is_killed_while_its_log_goes_from_file_to_file(stage: Stage) -> None:
    config = stage.folder / "argala.toml"
    config.write_text(f'[audit]\nfile = "{stage.log.name}"\nrotate_at = 4096\n')
    witness = stage.witness()
    for _ in share():
        session = stage.serve(witness, POLICY, ["--config", str(config)])
        stage.gateways.append(session.process.pid)
        load = stage.load(session)
        time.sleep(stage.chance.uniform(0, 0.5))
        stage.measure()
        session.kill()
        stage.row.injected += 1
        load.stop()
    assert list(stage.folder.glob("audit.*.jsonl"))
    session = stage.serve(witness, POLICY, ["--config", str(config)])
    stage.gateways.append(session.process.pid)
    stage.next_call(session)
    stage.check(sorted(stage.folder.glob("audit.*.jsonl")))
