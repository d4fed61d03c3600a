"""Installation of a distribution into a folder, as installers leave it: packages, metadata and entry points."""

import shutil
import tomllib
from pathlib import Path


def install(project: Path, target: Path) -> Path:
    """Install the project of that folder into `target`, which is then for `PYTHONPATH`. Returns `target`."""
    described = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    about = described["project"]
    for package in described["tool"]["setuptools"]["packages"]:
        shutil.copytree(project / package, target / package)
    metadata = target / f"{about['name'].replace('-', '_')}-{about['version']}.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n", encoding="utf-8"
    )
    lines = []
    for group, entries in about["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target
