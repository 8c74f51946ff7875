"""A small scheme for a newcomer: one product, a few people, and a month of claims that shows each rule.

The files stand in ``template/`` as they are written.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from adjudicator.generation.folder import new_folder


def write_small_scheme(folder: Path) -> list[Path]:
    """Write the small scheme into a new or empty folder; give its files.

    Raises:
        Refused: the folder is not empty, or cannot be made; nothing was written.
    """
    template = Path(str(resources.files("adjudicator").joinpath("generation", "small_scheme", "template")))
    files = sorted(file.relative_to(template) for file in template.rglob("*") if file.is_file())
    with new_folder(folder) as written:
        for file in files:
            (written / file).parent.mkdir(parents=True, exist_ok=True)
            (written / file).write_bytes((template / file).read_bytes())
    return [folder / file for file in files]
