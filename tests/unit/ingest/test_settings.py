"""A setting that makes no sense ends the process at once, and the line says which and why."""

import pytest

from ingest.settings import IngestSettings
from ventanilla.settings import load_settings

GOOD = {
    "VENTANILLA_CONTACT_KEY": "c" * 32,
    "VENTANILLA_TOKEN_KEY": "t" * 32,
    "VENTANILLA_WEBCHAT_KEY": "w" * 32,
    "VENTANILLA_WHATSAPP_APP_SECRET": "s" * 32,
    "VENTANILLA_WHATSAPP_VERIFY_TOKEN": "v" * 32,
    "VENTANILLA_WHATSAPP_ACCESS_TOKEN": "a" * 32,
}


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("VENTANILLA_INTAKE_REQUESTS", "0", "greater than or equal to 1"),
        ("VENTANILLA_INTAKE_REQUESTS", "many", "valid integer"),
        ("VENTANILLA_INTAKE_MEGABYTES", "3", "greater than or equal to 4"),
    ],
)
def test_limits_that_make_no_sense(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str, value: str, says: str
) -> None:
    for name, text in {**GOOD, variable: value}.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SystemExit):
        load_settings(IngestSettings)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{variable}: ")
    assert says in line
