"""The schema as a page's chapters: routes grouped by their first word."""

from typing import Any

PREFIX = "/api/v1"


def chapters(schema: dict[str, Any], base: str) -> list[dict[str, Any]]:
    """Each chapter with its routes, in the order of the addresses."""
    found: dict[str, list[dict]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            word = path.removeprefix(PREFIX).strip("/").split("/")[0] or "start"
            found.setdefault(word, []).append(_route(schema, path, method, operation, base))
    return [{"name": name, "routes": routes} for name, routes in found.items()]


def _route(schema: dict, path: str, method: str, operation: dict, base: str) -> dict[str, Any]:
    parameters = [p for p in operation.get("parameters", []) if p["in"] == "query"]
    body = _body(schema, operation)
    address = base.removesuffix(PREFIX) + path
    return {
        "id": operation["operationId"], "method": method.upper(), "path": path, "summary": operation.get("summary", ""),
        "parameters": [_words(p["name"], p["schema"], p.get("required", False), p.get("description", "")) for p in parameters],
        "body": body, "curl": _curl(method, address + _example(parameters), body),
        "formats": sorted(operation["responses"].get("200", {}).get("content", {})),
    }  # fmt: skip


def _example(parameters: list[dict]) -> str:
    """What must be asked, as the end of an address."""
    needed = "&".join(f"{p['name']}=…" for p in parameters if p.get("required"))
    return f"?{needed}" if needed else ""


def _body(schema: dict, operation: dict) -> list[dict[str, Any]]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    named = schema["components"]["schemas"].get(content.get("$ref", "").rsplit("/", 1)[-1], content)
    required = named.get("required", [])
    return [
        _words(name, kind, name in required, kind.get("description", ""))
        for name, kind in named.get("properties", {}).items()
    ]


def _words(name: str, kind: dict, required: bool, description: str) -> dict[str, Any]:
    limits = [f"{word} {kind[key]:g}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in kind]
    values = ", ".join(str(value) for value in kind.get("enum", []))
    return {
        "name": name, "kind": kind.get("type", "object"), "required": required, "description": description,
        "limits": ", ".join([*limits, *([values] if values else [])]), "default": kind.get("default"),
    }  # fmt: skip


def _curl(method: str, address: str, body: list[dict]) -> str:
    if method == "get":
        return f"curl '{address}'"
    sent = ", ".join(f'"{word["name"]}": …' for word in body if word["required"])
    head = f"curl -X {method.upper()} -H 'Authorization: Token alm_…' -H 'Content-Type: application/json'"
    return f"{head} -d '{{{sent}}}' '{address}'"
