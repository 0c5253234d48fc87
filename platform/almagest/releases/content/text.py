"""Pieces of Markdown, YAML and JSON."""

import json
from collections.abc import Iterable
from typing import Any


def json_text(value: Any) -> str:
    """JSON for people and programs: sorted keys, two spaces, accents as they are."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def yaml_text(value: dict[str, Any], indent: str = "") -> str:
    """YAML of dictionaries, lists and scalars; strings stand in quotes, as JSON has them, which YAML reads alike."""
    lines = []
    for key, each in value.items():
        if isinstance(each, dict):
            lines.append(f"{indent}{key}:\n{yaml_text(each, indent + '  ')}")
        elif isinstance(each, list | tuple):
            lines.append(f"{indent}{key}:\n{''.join(_item(item, indent) for item in each)}")
        else:
            lines.append(f"{indent}{key}: {json.dumps(each, ensure_ascii=False)}\n")
    return "".join(lines)


def _item(item: Any, indent: str) -> str:
    if not isinstance(item, dict):
        return f"{indent}  - {json.dumps(item, ensure_ascii=False)}\n"
    inner = yaml_text(item, indent + "    ")
    return f"{indent}  - {inner.removeprefix(indent + '    ')}"


def markdown(*parts: str) -> str:
    """Paragraphs with an empty line between them; empty ones are left out."""
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def table(heads: tuple[str, ...], rows: Iterable[tuple]) -> str:
    """A Markdown table; bars and line ends in the cells are escaped."""
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(_cell(str(cell)) for cell in line) + " |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {' '.join(line.split())}" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
