"""Refusals: a stable code for programs, a sentence for people."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from agent_gateway.texts import Texts


class Problem(Exception):  # noqa: N818 - it is an answer, not a fault
    """Answers `status` with the code's text. `more` goes into the body as it is."""

    def __init__(self, status: int, code: str, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.headers = headers
        self.more = more


class ProblemView(BaseModel):
    code: str = Field(description="Stable; for programs.")
    message: str = Field(description="For the person at the desk.")


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For OpenAPI: these statuses bear a problem."""
    return {status: {"model": ProblemView} for status in statuses}


def show_problems(app: FastAPI, texts: Texts) -> None:
    """Answer every `Problem` of the app's routes."""

    async def answer(_: Request, problem: Exception) -> JSONResponse:
        assert isinstance(problem, Problem)
        body = {"code": problem.code, "message": texts.problem(problem.code), **problem.more}
        return JSONResponse(body, problem.status, problem.headers)

    app.add_exception_handler(Problem, answer)
