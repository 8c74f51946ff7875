"""A small scheme for a newcomer: one product, a few people, and a month of claims that shows each rule.

The files stand in ``template/`` as they are written; the shipped review rules come with them.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from adjudicator.generation.folder import new_folder
from adjudicator.shipped import shipped_rules


def write_small_scheme(folder: Path) -> list[Path]:
    """Write the small scheme into a new or empty folder; give its files.

    Raises:
        Refused: the folder is not empty, or cannot be made; nothing was written.
    """
    template = Path(str(resources.files("adjudicator").joinpath("generation", "small_scheme", "template")))
    sources = {file.relative_to(template): file for file in template.rglob("*") if file.is_file()}
    sources |= {Path("rules", file.name): file for file in shipped_rules()}
    with new_folder(folder) as written:
        for file, source in sources.items():
            (written / file).parent.mkdir(parents=True, exist_ok=True)
            (written / file).write_bytes(source.read_bytes())
    return [folder / file for file in sorted(sources)]
