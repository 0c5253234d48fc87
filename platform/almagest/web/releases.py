"""Releases as pages show them: their files, how to fetch and to cite them, where they come from, what may be done."""

from dataclasses import asdict, replace
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from almagest.accounts.selectors import may_change, may_see
from almagest.releases.content import MANIFEST, ReleaseFacts, bibtex, citation_line, data_files
from almagest.releases.content.citing import SPDX
from almagest.releases.content.data import CHANGES, HATS
from almagest.releases.downloads import LONGEST_HOURS
from almagest.releases.models import Release
from almagest.releases.selectors import LATEST, download_totals, latest_number
from almagest.runs.models import Run
from almagest.sky.models import Survey

# Where a HATS catalog begins; and of its many files the one that whoever opens it, or fetches all of it, asks for once.
HATS_DOOR, HATS_COUNTED = f"{HATS}/hats.properties", f"{HATS}/partition_info.csv"
CHANGE_FILES = (f"{CHANGES}.parquet", f"{CHANGES}.csv")
DEFAULT_HOURS = 24 * 7
READERS = {
    "fits": 'from astropy.table import Table\ntable = Table.read("{url}")',
    "parquet": 'import pandas as pd\nframe = pd.read_parquet("{url}")',
    "hats": 'import lsdb\ncatalog = lsdb.open_catalog("{url}", columns="all")\nframe = catalog.compute()',
}


def release_address(release: Release, name: str = "release", *more: str) -> str:
    """Address of its page, or of what belongs to it."""
    return reverse(name, args=[release.catalog.slug, release.label, *more])


def release_context(request: HttpRequest, release: Release, *, link: str = "") -> dict:
    """All that the page shows; with the signed link that opens it, where one does."""
    told, user = release.told, request.user
    page = request.build_absolute_uri(release_address(release))
    cited = replace(told, url=told.url or page)
    data, others = files(release, link)
    latest = latest_number(release, user=user)
    newer = bool(latest and latest > release.number)
    return {
        "release": release, "told": told, "link": link, "data": data, "others": others, "file_count": len(release.files),
        "downloads": sum(file["count"] for file in (*data, *others)),
        "licence_url": told.licence_url or SPDX.get(told.licence, ""), "citation": citation_line(cited), "bibtex": bibtex(cited),
        "latest": latest if newer or release.state == Release.State.RETRACTED else None, "funnel": funnel(release),
        "fetch": fetching(release, told, page, link), "columns": release.table.columns, "changes": changed(release, user),
        "default_hours": DEFAULT_HOURS, "longest_hours": LONGEST_HOURS,
        "change_files": [file for file in others if file["path"] in CHANGE_FILES],
        "sample": sample if (sample := release.edition.version.sample) and may_see(user, sample) else None,
        "surveys": surveys(told, user, is_open=bool(link)), **offers(user, release),
    }  # fmt: skip


def is_counted(path: str) -> bool:
    """Whether fetching this file is a download: each is, but of a HATS catalog's one."""
    return path == HATS_COUNTED or not path.startswith(f"{HATS}/")


def files(release: Release, link: str = "") -> tuple[list[dict], list[dict]]:
    """Files with the rows, a HATS catalog as one; and all others but its parts."""
    counts, entries = download_totals(release), {entry.path: entry for entry in release.entries}
    known = data_files(release.told, release.formats) if entries else ()
    data, parts = [], [entry for path, entry in entries.items() if path.startswith(f"{HATS}/")]
    for file in known:
        given = {"title": file.title, "count": counts.get(file.path, 0)}
        if file.path == HATS:
            size = sum(part.bytes for part in parts)
            whole = {"path": f"{HATS}/", "bytes": size, "rows": release.rows, "parts": len(parts)}
            data.append(whole | given | {"address": file_address(release, HATS_DOOR, link)})
        else:
            data.append(asdict(entries[file.path]) | given | {"address": file_address(release, file.path, link)})
    taken = {file.path for file in known} | {part.path for part in parts}
    others = [
        asdict(entry) | {"count": counts.get(path, 0), "address": file_address(release, path, link)}
        for path, entry in entries.items()
        if path not in taken
    ]
    return data, others


def file_address(release: Release, path: str, link: str = "") -> str:
    """Where a file is; with the signed link, where one is needed."""
    return release_address(release, "release-file", path) + link_query(link)


def link_query(link: str) -> str:
    """What a signed link adds to an address."""
    return f"?{urlencode({'link': link})}" if link else ""


def fetching(release: Release, told: ReleaseFacts, page: str, link: str) -> dict:
    """Commands that fetch one file or all of them, and Python that reads them."""
    root, query = f"{page}files/", link_query(link)
    data = data_files(told, release.formats) if release.files else ()
    names = {file.format: file.path for file in data}
    first = next((names[name] for name in ("fits", "parquet") if name in names), MANIFEST)
    every = (
        f'curl -L -C - -O "{root}{MANIFEST}{query}"\n'
        "while read -r sum path; do\n"
        f'  curl -L -C - --create-dirs -o "$path" "{root}$path{query}"\n'
        f"done < {MANIFEST}\n"
        f"sha256sum -c {MANIFEST}"
    )
    # A HATS catalog is opened by its folder's address, behind which no link can stand.
    readers = {name: code for name, code in READERS.items() if name in names and not (link and name == HATS)}
    return {
        "one": f'curl -L -C - -O "{root}{first}{query}"',
        "every": every,
        "python": "\n\n".join(code.format(url=f"{root}{names[name]}{query}") for name, code in readers.items()),
        "latest": f"{page.removesuffix(f'{release.label}/')}{LATEST}/files/{first.replace(told.stem, f'{told.slug}-{LATEST}')}",
    }  # fmt: skip


def funnel(release: Release) -> list[dict]:
    """From all objects to the rows, with what each step took."""
    steps = [(step.name, step.count) for step in release.told.steps]
    if release.filters and release.rows is not None:
        words = ", ".join(f"{name} = {value}" for name, value in sorted(release.filters.items()))
        steps.append((f"chosen for this release: {words}", release.rows))
    first = steps[0][1] if steps else 0
    befores = [first, *(count for _, count in steps)]
    return [
        {"name": name, "count": count, "taken": before - count, "share": count / (first or 1)}
        for (name, count), before in zip(steps, befores, strict=False)
    ]


def changed(release: Release, user) -> dict:
    """How it differs from the release before; nothing where there is none, or it is not built."""
    changes = release.told.changes
    if changes is None:
        return {}
    before = release.previous
    schema = {
        "New columns": changes.columns_added,
        "Columns that are gone": changes.columns_removed,
        "Columns declared otherwise": changes.columns_changed,
    }
    return {
        "before": release.told.previous.label, "is_before_seen": before is not None and may_see(user, before),
        "numbers": [("added", changes.added), ("removed", changes.removed), ("changed", changes.changed)],
        "columns": [(name, columns) for name, columns in schema.items() if columns],
    }  # fmt: skip


def surveys(told: ReleaseFacts, user, *, is_open: bool) -> list[dict]:
    """The surveys behind it that the reader may see; all of them where a link opens it."""
    slugs = [survey.slug for survey in told.surveys]
    seen = set(Survey.objects.visible_to(user).filter(slug__in=slugs).values_list("slug", flat=True))
    return [
        {"told": survey, "is_seen": survey.slug in seen} for survey in told.surveys if is_open or survey.slug in seen
    ]


def offers(user, release: Release) -> dict:
    """What the reader may do with it now."""
    State = Release.State
    mine, run = may_change(user, release), release.run
    has_failed = run is not None and run.state in (Run.State.FAILED, Run.State.CANCELLED)
    return {
        "may_change": mine,
        "has_failed": has_failed,
        "may_publish": mine and release.state == State.CHECKED,
        "may_retract": mine and release.state == State.PUBLISHED,
        "may_discard": mine and not release.is_out and (run is None or run.is_over),
        "may_build": mine and release.state == State.DRAFT and (run is None or has_failed),
        # Whoever may see it anyway needs no link.
        "may_link": mine and not may_see(None, release),
    }
