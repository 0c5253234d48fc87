"""The container files: what they name exists, nothing floats, nothing is secret, the web has no ML library."""

import importlib.util
import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILES = sorted((ROOT / "docker").glob("Dockerfile.*"))
COMPOSE = yaml.safe_load((ROOT / "docker" / "compose.yml").read_text())
SERVICES = COMPOSE["services"]
BUILT = {name: service for name, service in SERVICES.items() if "build" in service}
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
ML = {"torch", "tensorflow", "tensorflow-cpu", "keras", "scikit-learn", "xgboost", "lightgbm", "safetensors", "h5py"}


def instructions(path: Path) -> list[list[str]]:
    """A Dockerfile's instructions as words; continued lines joined, comments left out."""
    text = re.sub(r"\\\n", " ", "\n".join(line for line in path.read_text().splitlines() if not line.startswith("#")))
    return [line.split() for line in text.splitlines() if line.strip()]


def test_there_are_container_files():
    assert [path.name for path in DOCKERFILES] == ["Dockerfile.web", "Dockerfile.worker"]
    assert {
        "postgres",
        "valkey",
        "web",
        "beat",
        "worker-data",
        "worker-classical",
        "worker-keras",
        "worker-torch",
    } <= set(SERVICES)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_every_copied_path_exists(path):
    copied = [words[1:-1] for words in instructions(path) if words[0] == "COPY" and not words[1].startswith("--from")]
    assert copied
    missing = [name for name in chain.from_iterable(copied) if not (ROOT / name).exists()]
    assert missing == []


def test_every_image_is_pinned_to_one_version():
    images = [words[1] for path in DOCKERFILES for words in instructions(path) if words[0] == "FROM"]
    images += [service["image"] for service in SERVICES.values() if "image" in service]
    assert len(images) == 5
    assert [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?-\w", image)] == []


def test_every_service_is_built_from_an_existing_file():
    assert set(BUILT) == set(SERVICES) - {"postgres", "valkey"}
    for service in BUILT.values():
        assert (ROOT / "docker" / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).is_file()


def test_every_extra_and_every_queue_exists():
    asked = [service["build"].get("args", {}).get("EXTRAS", "") for service in BUILT.values()]
    assert {extra for names in asked for extra in names.split(",") if extra} == {
        "classical",
        "keras",
        "torch",
        "gpu",
    } & set(EXTRAS)
    queue_file = (ROOT / "platform" / "almagest" / "runs" / "queue.py").read_text()
    queues = [service["command"][2] for service in BUILT.values() if service.get("command", [""])[0] == "worker"]
    assert sorted(set(queues)) == ["classical", "data", "keras", "torch"]
    assert all(f'"{queue}"' in queue_file for queue in queues)


def test_every_module_that_is_started_exists():
    started = set(re.findall(r"\balmagest\w*\.\w+", "\n".join(path.read_text() for path in DOCKERFILES)))
    assert started == {"almagest.wsgi", "almagest_workers.app"}
    assert all(importlib.util.find_spec(module) for module in started)
    for word in re.findall(r"manage\.py (\w+)", (ROOT / "docker" / "compose.yml").read_text()):
        own = list(ROOT.glob(f"platform/almagest/*/management/commands/{word}.py"))
        assert own or word == "migrate", word


def test_no_secret_is_written_down():
    """Passwords and keys come from the environment, and without them nothing starts."""
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|_URL", name):
                assert re.search(r"\$\{\w+:\?", value), name
    text = "".join(path.read_text() for path in DOCKERFILES)
    assert not re.search(r"(ENV|ARG)\s.*(PASSWORD|SECRET|TOKEN)", text)


def test_the_web_image_has_no_ml_library():
    installs = [" ".join(words) for words in instructions(ROOT / "docker" / "Dockerfile.web") if "pip" in words]
    assert len(installs) == 1 and '".[web]"' in installs[0]
    names = {re.match(r"[\w-]+", requirement)[0].lower() for requirement in EXTRAS["web"]}
    assert names & ML == set()


def test_all_services_share_one_configuration():
    web = SERVICES["web"]["environment"]
    assert all(service["environment"] == web for service in BUILT.values())
    assert all(service["volumes"] == ["files:/data"] for service in BUILT.values())
    named = {mount.split(":")[0] for service in SERVICES.values() for mount in service.get("volumes", [])}
    assert named == set(COMPOSE["volumes"])
