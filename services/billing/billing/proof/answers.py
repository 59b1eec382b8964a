"""What was found, as plain values for JSON and for the printed tables. Amounts are strings."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from billing.domain.balance import balance
from billing.plans.models import Unit
from billing.plans.pricing import Used
from billing.plans.terms import Terms
from billing.proof.digest import LedgerLine, digest
from billing.proof.recompute import Account, Recomputed
from billing.proof.reconcile import Outcome, Reconciliation
from ventanilla.contracts.channel import Channel
from ventanilla.institution import Institution


def recomputed(found: Recomputed, institution: Institution, terms: Terms) -> dict[str, Any]:
    """Sessions by month and account, their cost by the contract's plan, and the account of every line.

    The figures are those that are billed: of what had come when the month was closed. `restated` has all.
    """
    billed, restated = _by_account(found.lines), _by_account(found.restated)
    months: dict[str, Any] = {}
    for month, channel, account in sorted(billed.keys() | restated.keys()):
        lines, by_now = (each.get((month, channel, account), []) for each in (billed, restated))
        entry = months.setdefault(month, {"accounts": [], "cost": [], "restated_cost": []})
        entry["accounts"].append(
            {
                "channel": channel,
                "account": account,
                "sessions": len(lines),
                "messages": sum(line.messages for line in lines),
                "restated": {"sessions": len(by_now), "messages": sum(line.messages for line in by_now)},
                "messages_not_ours": found.not_ours[month, channel, account],
                "billed": _billed(institution, channel, account),
                "digest": digest(month, channel, account, lines) if lines else None,
            }
        )
    for month, entry in months.items():
        entry["cost"] = list(_costs(month, entry["accounts"], terms))
        restated_accounts = [one | one["restated"] for one in entry["accounts"]]
        entry["restated_cost"] = list(_costs(month, restated_accounts, terms))
    return {"months": months, "lines": _account(found.account), "ids_in_two_meters": found.in_two_meters}


def _by_account(lines: list[LedgerLine]) -> dict[tuple[str, str, str], list[LedgerLine]]:
    found: dict[tuple[str, str, str], list[LedgerLine]] = {}
    for line in lines:
        found.setdefault((line.month, line.channel, line.account), []).append(line)
    return found


def _billed(institution: Institution, channel: str, account: str) -> bool:
    """A rehearsal's sessions are no part of the bill, nor are those of a number that is not ours."""
    known = institution.account(Channel(channel), account)
    return known is not None and not known.replay


def _costs(month: str, accounts: list[dict[str, Any]], terms: Terms) -> Iterator[dict[str, Any]]:
    """By channel; together they are what the month costs."""
    used = [
        Used(one["account"], Channel(one["channel"]), Unit.SESSION, one["sessions"])
        for one in accounts
        if one["billed"]
    ]
    for channel in Channel:
        own = [one for one in used if one.channel is channel]
        if own:
            state = balance(channel, month, own, terms)
            yield {
                "channel": channel.value,
                "sessions": state.used,
                "included": state.allotment,
                "overage": state.overage,
                "cost": str(state.cost),
                "currency": state.priced.currency if state.priced else None,
                "plan": state.priced.plan if state.priced else None,
                "prices_of": state.priced.prices_of if state.priced else None,
                "assumed": state.priced.assumed if state.priced else [],
            }


def _account(account: Account) -> dict[str, Any]:
    return {
        "received": account.received,
        "counted": account.counted,
        "duplicate": dict(sorted(account.duplicate.items())),
        "excluded": dict(sorted(account.excluded.items())),
        "quarantined": dict(sorted(account.quarantined.items())),
        "adds_up": account.adds_up(),
        "problems": [
            {"line": one.line, "reason": one.reason, "detail": one.detail} for one in account.problems
        ],
    }


def reconciled(found: Reconciliation, unreadable: Counter[str]) -> dict[str, Any]:
    """The four outcomes with their sums, and every finding that a person should look at."""
    outcomes = {}
    for outcome in Outcome:
        expected = found.expected(outcome)
        outcomes[outcome.value] = {
            "count": found.count(outcome),
            "reasons": dict(sorted(found.reasons(outcome).items())),
            "invoiced": f"{found.invoiced(outcome):f}",
            "expected": None if expected is None else f"{expected:f}",
        }
    told = [
        one
        for one in found.findings
        if one.outcome is not Outcome.MATCHED and one.reasons != ("not_billable",)
    ]
    return {
        "month": found.month,
        "agrees": not told and not unreadable,
        "outcomes": outcomes,
        "ours_outside_month": found.outside_month,
        "statuses_unreadable": dict(sorted(unreadable.items())),
        "findings": [
            {
                "outcome": one.outcome.value,
                "reasons": list(one.reasons),
                "invoice_line": one.line,
                "id": one.unit,
                "invoiced": None if one.invoiced is None else f"{one.invoiced:f}",
                "expected": None if one.expected is None else f"{one.expected:f}",
            }
            for one in told
        ],
    }
