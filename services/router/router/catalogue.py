"""The words of the router's own texts, by language: `catalogues/<language>.yaml`."""

from pathlib import Path

from router.domain.dates import DateWords
from ventanilla.checked_yaml import ConfigError, load_checked

_FOLDER = Path(__file__).parent / "catalogues"


def load_date_words(language: str) -> DateWords:
    """The catalogue `es` for `es-SV`. Raises `ConfigError` when there is none. Reads a file, so once."""
    path = _FOLDER / f"{language.split('-')[0].lower()}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in _FOLDER.glob("*.yaml")))
        raise ConfigError([f"language: {language!r} has no dates; use one of {known}, or add {path.name}"])
    return load_checked(path, DateWords)
