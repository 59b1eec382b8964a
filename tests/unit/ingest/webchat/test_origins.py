"""Which sites may embed the chat."""

import pytest

from ingest.channels.webchat.origins import allowed

SITES = ["https://www.registro.example", "https://tramites.registro.example:8443/"]


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://www.registro.example", True),
        ("https://WWW.registro.example", True),
        ("https://tramites.registro.example:8443", True),
        ("http://www.registro.example", False),
        ("https://www.registro.example.attacker.example", False),
        ("https://registro.example", False),
        ("null", False),
        ("", False),
        ("http://[", False),
        (None, False),
    ],
)
def test_only_the_listed_sites(origin: str | None, may: bool) -> None:
    assert allowed(origin, "chat.registro.example", SITES) is may


def test_our_own_page_always() -> None:
    assert allowed("https://chat.registro.example", "chat.registro.example", SITES)


def test_any_site_where_none_is_listed() -> None:
    assert allowed("https://anywhere.example", "chat.registro.example", [])
    assert allowed(None, None, [])
