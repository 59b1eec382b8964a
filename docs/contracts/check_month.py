"""Checks an exported month of sessions against the exported statuses. Python 3.11, and nothing of ours.

    python check_month.py --month 2026-11 --zone America/El_Salvador statuses.jsonl 2026-10.csv 2026-11.csv

It is right from both sides: every message that was delivered lies in one of the 24-hour windows, so no window
is missing; and every window opens with a delivered message, 24 hours or more after the one before, so no
fewer windows could do. Give the month before as well: its last windows reach into this one.
Exit status 0 and OK with the digest of each account, or 1 and a line for everything that is wrong.
"""

import argparse
import csv
import hashlib
import json
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(hours=24)
COLUMNS = ["month", "channel", "account", "contact", "opened_at", "closes_at", "messages"]


def moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time without its offset")
    return found.astimezone(UTC)


def too_late(at: datetime, came: datetime, zone: ZoneInfo, settling: timedelta) -> bool:
    """A month closes at its end, and 24 hours, and the settling time. What was delivered before 24 hours into
    the month after could touch its windows, and is an adjustment when it comes after that."""
    if came < at + settling:
        return False
    closed = (came - settling - DAY).astimezone(zone)
    return at < midnight(f"{closed:%Y-%m}", zone) + DAY


def delivered(
    file: Path, zone: ZoneInfo, settling: timedelta, wrong: list[str]
) -> tuple[dict[Any, dict[str, Any]], Any]:
    """When each message of a (channel, account, contact) was delivered (`delivered`, else `read`), and who
    was joined: since when, an id of a person, the id that stands for both. Without the messages whose first
    status came too late, and those written on the number's own telephone."""
    known: dict[Any, dict[str, Any]] = defaultdict(dict)
    first: dict[Any, Any] = {}
    echoes, links = dict[Any, datetime](), set()
    for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
        try:
            event = json.loads(line) if line.strip() else {}
            if "alias_id" in event:
                if event.get("merged") and event["alias_id"] != event["canonical_id"]:
                    joined = event["channel"], event["account"], event["alias_id"], event["canonical_id"]
                    links.add((moment(event["occurred_at"]), *joined))
            elif "content" in event:
                name = event["channel"], event["account"], event["provider_message_id"]
                came = moment(event["received_at"])
                echoes[name] = min(came, echoes.get(name, came))
            elif (
                event
                and event["status"] in ("delivered", "read", "played")
                and event.get("provider_message_id")
            ):
                fact = event["status"] != "delivered", moment(event["occurred_at"])
                key = event["channel"], event["account"], event["contact_id"]
                message = event["provider_message_id"]
                came = moment(event.get("received_at", event["occurred_at"]))
                outside = too_late(fact[1], came, zone, settling)
                first[key, message] = min(first.get((key, message), (came, outside)), (came, outside))
                if not outside:
                    known[key][message] = min(known[key].get(message, fact), fact)
        except (ValueError, KeyError, TypeError) as error:
            wrong.append(f"statuses, line {number}: cannot be read: {error!r}")
    for key, times in known.items():
        for message, (_, at) in list(times.items()):
            came, outside = first[key, message]
            echo = echoes.get((key[0], key[1], message))
            if outside or (echo and (echo <= came or not too_late(at, echo, zone, settling))):
                del times[message]
    return known, sorted(links)


def join(known: Any, links: Any, opened: Any, settling: timedelta) -> list[str]:
    """Hand each alias's messages to the id that stands for it. Its windows that had settled by then stay."""
    wrong, same = [], dict[str, str]()
    for since, channel, account, alias, canonical in links:
        if same.get(alias) == canonical:
            continue
        same[alias] = canonical
        path = [alias]
        while path[-1] in same and same[path[-1]] not in path:
            path.append(same[path[-1]])
        circle = path[path.index(same[path[-1]]) :] if path[-1] in same else path[-1:]
        if min(circle) == alias:
            continue
        key, into = (channel, account, alias), known[channel, account, min(circle)]
        own = [at for at, _, _ in opened.get(key, [])]
        wrong += [
            f"{key}: the window at {at} stands under an id that had been joined to another"
            for at in own
            if at + DAY > since - settling
        ]
        for message, fact in list(known[key].items()):
            if not any(at <= fact[1] < at + DAY for at in own):
                into[message] = min(into.get(message, fact), fact)
                del known[key][message]
    return wrong


def windows(
    files: list[Path], zone: ZoneInfo, wrong: list[str]
) -> dict[Any, list[tuple[datetime, int, str]]]:
    """The windows of each (channel, account, contact) in order: opening, messages, month."""
    found = defaultdict(list)
    for file in files:
        with file.open(encoding="utf-8", newline="") as text:
            rows = csv.reader(text)
            if next(rows, None) != COLUMNS:
                wrong.append(f"{file}: its first line is not {','.join(COLUMNS)}")
                continue
            for row in rows:
                try:
                    # An apostrophe in front keeps a spreadsheet from taking the cell for a formula.
                    month, channel, account, contact, opens, closes, messages = (
                        c.removeprefix("'") for c in row
                    )
                    opened = moment(opens)
                    if moment(closes) - opened != DAY:
                        wrong.append(f"{file}:{rows.line_num}: the window is not 24 hours long")
                    if f"{opened.astimezone(zone):%Y-%m}" != month:
                        wrong.append(f"{file}:{rows.line_num}: it did not open in {month}")
                    midnight(month, zone)
                    found[channel, account, contact].append((opened, int(messages), month))
                except ValueError as error:
                    wrong.append(f"{file}:{rows.line_num}: cannot be read: {error}")
    return {key: sorted(each) for key, each in found.items()}


def check(
    key: Any, times: list[datetime], opened: list[tuple[datetime, int, str]], begins: datetime, ends: datetime
) -> list[str]:
    """What is wrong with one contact's windows; the months that were given are [begins, ends)."""
    wrong = []
    for (one, _, _), (other, _, _) in pairwise(opened):
        if other - one < DAY:
            wrong.append(f"{key}: the windows at {one} and {other} open less than 24 hours apart")
    openings = [one for one, _, _ in opened]
    inside: Counter[datetime] = Counter()
    # A window of the month before, which was not given, may reach into the first one.
    before = any(begins - DAY < one < begins for one in times)
    for at in times:
        place = bisect_right(openings, at)
        if place and at < openings[place - 1] + DAY:
            inside[openings[place - 1]] += 1
        elif begins <= at < ends and not (before and at < begins + DAY):
            wrong.append(f"{key}: no window covers the message of {at}")
    for one, messages, _ in opened:
        if one not in times:
            wrong.append(f"{key}: the window at {one} opens with no message")
        if inside[one] != messages:
            wrong.append(f"{key}: the window at {one} says {messages} messages and has {inside[one]}")
    return wrong


def digest(month: str, channel: str, account: str, sessions: list[tuple[str, datetime, int]]) -> str:
    """The statement's digest; docs/metering.md says of which text it is."""
    lines = [[contact, f"{at:%Y-%m-%dT%H:%M:%S.%f}Z", messages] for contact, at, messages in sessions]
    texts = sorted(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines)
    head = json.dumps(["ventanilla.sessions.v1", month, channel, account], separators=(",", ":"))
    return hashlib.sha256(b"".join([head.encode() + b"\n", *texts])).hexdigest()


def midnight(month: str, zone: ZoneInfo) -> datetime:
    """When a month begins."""
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=zone).astimezone(UTC)


def following(month: str) -> str:
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]), 12)
    return f"{year}-{number + 1:02}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Check a month of sessions against the statuses.")
    parser.add_argument("--month", required=True, help="YYYY-MM")
    parser.add_argument("--zone", required=True, help="the institution's time zone")
    parser.add_argument("--settling-days", type=int, default=10, help="the institution's metering.settling")
    parser.add_argument("statuses", type=Path)
    parser.add_argument("sessions", type=Path, nargs="+")
    asked = parser.parse_args()
    zone, wrong = ZoneInfo(asked.zone), list[str]()
    opened = windows(asked.sessions, zone, wrong)
    settling = timedelta(days=asked.settling_days)
    known, links = delivered(asked.statuses, zone, settling, wrong)
    wrong += join(known, links, opened, settling)
    times = {key: sorted(at for _, at in messages.values()) for key, messages in known.items()}
    months = [asked.month, *(month for each in opened.values() for _, _, month in each)]
    begins, ends = midnight(min(months), zone), midnight(following(max(months)), zone)
    sessions: dict[Any, list[tuple[str, datetime, int]]] = defaultdict(list)
    for key in sorted(times.keys() | opened.keys()):
        wrong += check(key, times.get(key, []), opened.get(key, []), begins, ends)
        for at, messages, month in opened.get(key, []):
            if month == asked.month:
                sessions[key[0], key[1]].append((key[2], at, messages))
    for line in wrong:
        print(line)
    for (channel, account), each in sorted(sessions.items()) if not wrong else []:
        print(f"OK {asked.month} {channel} {account}: {len(each)} sessions, sha256 "
              f"{digest(asked.month, channel, account, each)}")  # fmt: skip
    if not wrong and not sessions:
        print(f"OK {asked.month}: no sessions, and no message that needs one")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
