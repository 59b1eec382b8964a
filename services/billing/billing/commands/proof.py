"""`ventanilla recompute` and `ventanilla reconcile`: files in, an answer out, and nothing else running."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from pydantic_settings import BaseSettings, SettingsConfigDict

from billing.plans.loader import load_terms
from billing.proof.answers import recomputed, reconciled
from billing.proof.invoice import InvoiceError, amount, read_invoice
from billing.proof.printing import print_recomputed, print_reconciled
from billing.proof.reading import ExportError, read_export
from billing.proof.recompute import recompute as work_out
from billing.proof.reconcile import our_messages, reconcile, usual_month
from billing.proof.sheet import row, title
from ventanilla.clock import utc_now
from ventanilla.institution import ConfigError, load_institution
from ventanilla.settings import PREFIX

_CONFIG = Path("deploy/config/cnr.yaml")
_CHECKOUT = Path(__file__).resolve().parents[4]
_MONTH = r"\d{4}-(0[1-9]|1[0-2])"

CANNOT, DOES_NOT_AGREE = 2, 1
"""Exit statuses: a file cannot be used; it can, and something in it needs a person."""


class ProofSettings(BaseSettings):
    """What these commands take from the environment: VENTANILLA_CONFIG alone."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    config: Path = _CONFIG if _CONFIG.exists() else _CHECKOUT / _CONFIG


AsJson = Annotated[bool, typer.Option("--json", help="For programs; amounts are strings.")]


def recompute(
    file: Annotated[Path, typer.Argument(help="Statuses: JSON Lines or Parquet.")],
    as_json: AsJson = False,
    show_digest: Annotated[bool, typer.Option("--digest", help="Each month's digest, too.")] = False,
    sessions: Annotated[
        Path | None, typer.Option(help="Write every session to this CSV file, as /v1/sessions.csv does.")
    ] = None,
) -> None:
    """Work out sessions and their cost from an export of statuses.

    Every line is accounted for: received = counted + duplicate + excluded + quarantined. Exit status 1 when a
    line needs a person's look, 2 when the file cannot be read.
    """
    with _clean_failures():
        config = ProofSettings().config
        institution = load_institution(config)
        terms = load_terms(config, institution)
        now = utc_now() + institution.metering.clock_skew
        found = work_out(read_export(file), institution.zone, now, institution.metering.settling)
        if sessions is not None:
            with sessions.open("w", encoding="utf-8", newline="") as sheet:
                sheet.writelines([title(), *map(row, found.lines)])
    answer = recomputed(found, institution, terms)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        print_recomputed(answer, digests=show_digest)
    if not found.account.adds_up() or found.account.problems:
        raise typer.Exit(DOES_NOT_AGREE)


def reconcile_invoice(
    file: Annotated[Path, typer.Argument(help="The provider's monthly invoice, CSV.")],
    statuses: Annotated[Path, typer.Option(help="Our statuses: JSON Lines or Parquet.")],
    month: Annotated[
        str | None, typer.Option(help="YYYY-MM. Default: the month of most of the invoice's lines.")
    ] = None,
    price: Annotated[
        list[str] | None, typer.Option(help="CATEGORY=AMOUNT of one billable unit; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compare the provider's invoice with our statuses: matched, different, ours only, theirs only.

    Exit status 1 when they do not agree, 2 when a file cannot be used.
    """
    with _clean_failures():
        if month is not None and not re.fullmatch(_MONTH, month):
            raise InvoiceError(f"--month {month}: write it as YYYY-MM")
        institution = load_institution(ProofSettings().config)
        lines = read_invoice(file.read_bytes())
        asked = month or usual_month(lines, institution.zone)
        if asked is None:
            raise InvoiceError("the invoice has no lines; name its month with --month YYYY-MM")
        rehearsals = frozenset(one.id for one in institution.accounts if one.replay)
        unreadable: Counter[str] = Counter()
        messages = our_messages(read_export(statuses), rehearsals, unreadable)
        found = reconcile(lines, messages, asked, institution.zone, _prices(price or []))
    answer = reconciled(found, unreadable)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        print_reconciled(answer)
    if not answer["agrees"]:
        raise typer.Exit(DOES_NOT_AGREE)


@contextmanager
def _clean_failures() -> Iterator[None]:
    """A file that cannot be used is a sentence and an exit status, never a traceback."""
    try:
        yield
    except (ConfigError, ExportError, InvoiceError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(CANNOT) from None
    except OSError as error:
        typer.echo(f"{error.filename}: {error.strerror}", err=True)
        raise typer.Exit(CANNOT) from None


def _prices(given: list[str]) -> dict[str, Decimal]:
    prices = {}
    for text in given:
        category, _, value = text.partition("=")
        try:
            prices[category.strip().lower()] = amount(value)
        except ValueError as error:
            raise InvoiceError(f"--price {text}: {error}; write CATEGORY=AMOUNT") from None
    return prices
