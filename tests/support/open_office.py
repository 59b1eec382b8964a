"""An institution whose doors never close, so that a story in a test does not depend on the hour."""

from pathlib import Path
from shutil import copytree

import yaml

from stack.state import CHECKOUT
from ventanilla.schedule import WEEKDAYS

CASE = CHECKOUT / "deploy" / "config" / "cnr.yaml"


def always_open(folder: Path) -> dict[str, str]:
    """Writes the case's file with every schedule open at every hour; returns the environment that uses it."""
    case = yaml.safe_load(CASE.read_text(encoding="utf-8"))
    day = ["00:00-24:00"]
    case["schedules"] = {name: {"weekly": dict.fromkeys(WEEKDAYS, day)} for name in case["schedules"]}
    folder.mkdir(parents=True, exist_ok=True)
    copytree(CASE.parent / "plans", folder / "plans", dirs_exist_ok=True)
    path = folder / "always-open.yaml"
    path.write_text(yaml.safe_dump(case, allow_unicode=True, sort_keys=False), encoding="utf-8")
    beside = CASE.parent
    return {
        "VENTANILLA_CONFIG": str(path),
        "VENTANILLA_KNOWLEDGE": str(beside / "knowledge"),
        "VENTANILLA_LANGUAGE": str(beside / "language" / case["language"]),
    }
