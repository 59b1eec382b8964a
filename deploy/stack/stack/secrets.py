"""The secrets of one stack: made at its first start, never defaulted, never overwritten.

`secrets.env` has one `KEY=value` a line, as shells and container tools read it. A variable of the same name
in the environment stands above the file.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

FILE = "secrets.env"

KEYS: dict[str, str] = {
    "VENTANILLA_WHATSAPP_APP_SECRET": "signs the provider's webhooks",
    "VENTANILLA_WHATSAPP_VERIFY_TOKEN": "answers the provider's verification challenge",
    "VENTANILLA_WHATSAPP_ACCESS_TOKEN": "calls the provider's API",
    "VENTANILLA_CONTACT_KEY": "keys the pseudonyms of contacts: with another one every contact is new",
    "VENTANILLA_TOKEN_KEY": "signs the bearer tokens of the HTTP APIs",
    "VENTANILLA_WEBCHAT_KEY": "signs the identities of web chat visitors",
    "VENTANILLA_ADMIN_PASSWORD": "password of the desk's first administrator, `admin`",
    "VENTANILLA_DEMO_PASSWORD": "password of the demo accounts, `agente.<area>`, `supervisora`, `finanzas`",
}
"""Every secret of a stack, and what it is for."""

_HEADER = "# Secrets of this installation, made at its first start; not for version control."


def ensure_secrets(data: Path) -> list[str]:
    """Make what is missing of `data`'s secrets. Returns a line for each thing that somebody should know.

    The folder gets mode 0700 and the file 0600; a file that others could read is mended and reported.
    A file appears whole or not at all; what it had already stays as it is, byte for byte.
    """
    notes: list[str] = []
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    path = data / FILE
    text = _read(path)
    if path.exists() and (mode := stat.S_IMODE(path.stat().st_mode)) & 0o077:
        path.chmod(0o600)
        notes.append(
            f"{path} had mode {mode:04o}: others could read it. It is 0600 now; "
            "if this machine has other users, replace the secrets."
        )
    known = parse(text)
    missing = [key for key in KEYS if not known.get(key)]
    if not missing:
        return notes
    body = text if text.endswith("\n") or not text else f"{text}\n"
    lines = [] if body else [_HEADER]
    for key in missing:
        lines += [f"# {KEYS[key]}", f"{key}={secrets.token_urlsafe(32)}"]
    _replace(path, body + "\n".join(lines) + "\n")
    if known:
        notes.append(f"added to {path}: {', '.join(missing)}")
    return notes


def load_secrets(data: Path, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What `data`'s file says, under what the environment says. Makes nothing; may be incomplete."""
    found = parse(_read(data / FILE))
    return found | {key: environment[key] for key in KEYS if environment.get(key)}


def parse(text: str) -> dict[str, str]:
    """`KEY=value` lines; blank lines, comments and lines of another form are passed over."""
    pairs: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            pairs[key.strip()] = value.strip()
    return pairs


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _replace(path: Path, text: str) -> None:
    """Atomically, and never readable by others, not even for a moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
