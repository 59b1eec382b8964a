"""Reads plans and the budget from the files beside the institution's."""

from pathlib import Path

from billing.plans.budget import Budget
from billing.plans.models import NoPriceError, Plan, Unit
from billing.plans.months import months_between
from billing.plans.terms import Terms
from ventanilla.checked_yaml import ConfigError, Problem, load_checked, problems_in
from ventanilla.institution import Institution


def plans_folder(config: Path) -> Path:
    """The folder of plans that belongs to an institution's file."""
    return config.parent / "plans"


def load_plan(path: Path) -> Plan:
    """One plan. Raises `ConfigError` with every problem: file, line, path, what is wrong, what to do."""
    plan = load_checked(path, Plan)
    if plan.id != path.stem:
        raise ConfigError([f"{path}:1: id: it is {plan.id!r}; name it {path.stem!r}, as the file"])
    return plan


def load_plans(folder: Path) -> dict[str, Plan]:
    """Every plan of a folder, in order of their ids. Raises `ConfigError` with the problems of all."""
    found: dict[str, Plan] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            plan = load_plan(path)
            found[plan.id] = plan
        except ConfigError as error:
            problems += error.problems
    if not found and not problems:
        problems.append(f"{folder}: no plan is there; add one, such as movistar.yaml")
    if problems:
        raise ConfigError(problems)
    return found


def load_terms(config: Path, institution: Institution) -> Terms:
    """What the institution of the file `config` pays by. Raises `ConfigError` if its plan cannot be used."""
    if not institution.allotments:
        return Terms()
    name = institution.allotments[0].plan
    folder = plans_folder(config)
    place = ("allotments", 0, "plan")
    if not (folder / f"{name}.yaml").exists():
        there = " or ".join(sorted(path.stem for path in folder.glob("*.yaml")))
        fix = f"use {there}, or add {folder / name}.yaml" if there else f"add {folder / name}.yaml"
        raise problems_in(config, Problem(place, f"no plan is named {name!r}; {fix}"))
    plan = load_plan(folder / f"{name}.yaml")
    if any(period.unit is not Unit.SESSION for period in plan.periods):
        raise problems_in(config, Problem(place, f"plan {name} counts messages; use a plan of sessions"))
    priced = {line.channel for period in plan.periods for line in period.usage}
    found = [
        Problem(("allotments", number, "plan"), f"plan {name} has no price for {one.channel}; add it there")
        for number, one in enumerate(institution.allotments)
        if one.channel not in priced
    ]
    if found:
        raise problems_in(config, *found)
    return Terms(tuple(institution.allotments), plan)


def load_budget(path: Path, plans: dict[str, Plan]) -> Budget:
    """The budget. Raises `ConfigError`, also when it names no plan of ours or is in another currency."""
    budget = load_checked(path, Budget)
    plan = plans.get(budget.plan)
    if plan is None:
        raise ConfigError(
            [f"{path}: plan: no plan is named {budget.plan!r}; use {' or '.join(plans)}, or add its file"]
        )
    if plan.currency != budget.currency:
        raise ConfigError(
            [f"{path}: currency: plan {plan.id} is in {plan.currency}; give the budget in {plan.currency}"]
        )
    try:
        for month in months_between(budget.first_month, budget.last_month):
            if plan.period(month).unit is not Unit.SESSION:
                text = f"plan {plan.id} counts messages in {month}; use a plan of sessions"
                raise ConfigError([f"{path}: plan: {text}"])
    except NoPriceError as error:
        raise ConfigError([f"{path}: plan: {error}"]) from None
    return budget


def load_finances(config: Path, terms: Terms) -> tuple[Budget, Plan] | None:
    """The budget beside an institution's file and the plan that it pays for; None when there is no budget.

    Raises `ConfigError`, also when the budget is for another plan than the contract's: one month would have
    two costs.
    """
    path = config.parent / "budget.yaml"
    if not path.exists():
        return None
    plans = load_plans(plans_folder(config))
    budget = load_budget(path, plans)
    if terms.plan is not None and terms.plan.id != budget.plan:
        text = f"the allotments' plan is {terms.plan.id}, in {config.name}; write the same in both"
        raise problems_in(path, Problem(("plan",), text))
    return budget, plans[budget.plan]
