"""Damage to a release is found wherever it is."""

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from almagest.releases.content import check
from almagest.releases.errors import ReleaseError

from .folders import DATA, FACTS, SIZE, TABLE


def every_file() -> list[str]:
    """Files of a release, one of each kind."""
    words = [
        "README.md",
        "LICENSE.md",
        "CITATION.cff",
        "citation.bib",
        "datacite.json",
        "CHANGELOG.md",
        "known_issues.md",
    ]
    hats = ["hats.properties", "partition_info.csv", "dataset/_metadata", "dataset/_common_metadata"]
    return [
        *DATA, *words, "release.json", "provenance.json", "moc.fits", "moc.json", "changes.parquet", "changes.csv",
        f"datamodel/{DATA[0]}.md", "weights/deep/net.safetensors", *(f"hats/{name}" for name in hats),
    ]  # fmt: skip


@pytest.mark.parametrize("path", every_file())
def test_a_flipped_byte_and_a_missing_file_are_found(copy, path):
    content = bytearray((copy / path).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / path).write_bytes(content)
    with pytest.raises(ReleaseError, match=f"{re.escape(path)} is damaged"):
        check(copy, FACTS, TABLE, SIZE)
    (copy / path).unlink()
    with pytest.raises(ReleaseError, match=f"{re.escape(path)} is missing"):
        check(copy, FACTS, TABLE, SIZE)


def resealed(folder: Path) -> None:
    """A manifest that believes the damage, so that the readers must find it."""
    (folder / "MANIFEST.sha256").unlink()
    listed = subprocess.run(
        "find . -type f ! -name MANIFEST.sha256 | sed 's#^./##' | LC_ALL=C sort | xargs -d '\\n' sha256sum", shell=True,
        cwd=folder, capture_output=True, check=True,
    ).stdout  # fmt: skip
    (folder / "MANIFEST.sha256").write_bytes(listed)


def break_fits(folder: Path) -> None:
    content = bytearray((folder / DATA[0]).read_bytes())
    content[-4000] ^= 1
    (folder / DATA[0]).write_bytes(content)


def break_votable(folder: Path) -> None:
    text = (folder / DATA[1]).read_text()
    (folder / DATA[1]).write_text(text.replace("\n</STREAM>", "AAAA\n</STREAM>"))


def break_unit(folder: Path) -> None:
    text = (folder / DATA[1]).read_text()
    (folder / DATA[1]).write_text(text.replace('unit="mag"', 'unit="deg"'))


def break_parquet(folder: Path) -> None:
    rows = pq.read_table(folder / DATA[2])
    pq.write_table(rows.slice(1), folder / DATA[2])


def break_order(folder: Path) -> None:
    rows = pq.read_table(folder / DATA[2])
    pq.write_table(rows.take(list(reversed(range(len(rows))))), folder / DATA[2])


def break_csv(folder: Path) -> None:
    lines = (folder / DATA[3]).read_text().splitlines(keepends=True)
    (folder / DATA[3]).write_text("".join([*lines[:1], lines[1].replace("J00", "J99"), *lines[2:]]))


def break_cell(folder: Path) -> None:
    first, second = sorted(folder.rglob("Npix=*.parquet"))[:2]
    shutil.copyfile(second, first)


def break_hats(folder: Path) -> None:
    next(folder.rglob("Npix=*.parquet")).unlink()


def break_coverage(folder: Path) -> None:
    (folder / "moc.json").write_text('{"3": [1]}')


def break_words(folder: Path) -> None:
    (folder / "datacite.json").write_text("{")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_fits, f"{DATA[0]} cannot be read back.*part 1: its data do not add up to DATASUM"),
        (break_votable, f"{DATA[1]} (cannot be read back|holds)"),
        (break_unit, f"{DATA[1]}, column mag: unit and UCD are"),
        (break_parquet, f"{DATA[2]} holds {SIZE - 1} rows, where {SIZE} were released"),
        (break_order, f"{DATA[2]}, first row, column object_id"),
        (break_csv, f"{DATA[3]}, first row, column source_id: 'J99"),
        (break_cell, "hats cannot be read back.*another cell"),
        (break_hats, "hats cannot be read back.*Npix="),
        (break_coverage, "moc.fits cannot be read back.*another part of the sky"),
        (break_words, "datacite.json cannot be read back"),
    ],
)
def test_readers_find_what_a_manifest_does_not(copy, damage, words):
    resealed(copy)
    check(copy, FACTS, TABLE, SIZE)
    damage(copy)
    resealed(copy)
    with pytest.raises(ReleaseError, match=words):
        check(copy, FACTS, TABLE, SIZE)


def test_a_wrong_count_an_unknown_file_and_another_release_are_found(copy):
    with pytest.raises(ReleaseError, match=r"release.json.*300 rows, where 301"):
        check(copy, FACTS, TABLE, SIZE + 1)
    with pytest.raises(ReleaseError, match=r"release.json.*another release"):
        check(copy, replace(FACTS, version="1.1"), TABLE, SIZE)
    (copy / "more.txt").write_text("not ours")
    with pytest.raises(ReleaseError, match=r"more.txt is not in MANIFEST"):
        check(copy, FACTS, TABLE, SIZE)
    (copy / "MANIFEST.sha256").unlink()
    with pytest.raises(ReleaseError, match=r"MANIFEST.sha256 cannot be read"):
        check(copy, FACTS, TABLE, SIZE)
